package pages

import "github.com/openlts/openlts/server/administration"

var organizationPages = []page{
	{
		path: "/organizations", name: "organizations", title: "Organizations", nav: "/organizations",
		role: administration.Viewer, everywhere: true,
		get: func(r *request) (any, error) { return r.admin.Organizations(r.Context(), r.selection()) },
		table: func(r *request) (*table, error) {
			return listed(r, "organizations", r.admin.Organizations, []string{
				"id", "name", "defaultHandshake", "createdAt", "archivedAt",
			}, func(o administration.Organization) []any {
				return []any{o.ID, o.Name, o.DefaultHandshake, r.written(o.CreatedAt), r.written(o.ArchivedAt)}
			})
		},
		actions: map[string]action{"add": {administration.Editor, func(r *request) (string, error) {
			added, err := r.admin.NewOrganization(r.Context(), administration.OrganizationInput{
				Name: r.PostForm.Get("name"), ID: r.PostForm.Get("id"),
			})
			return "organizations/" + segment(added.ID) + "?done=added", err
		}}},
	},
	{
		path: "/organizations/{id}", name: "organization", title: "Organization", nav: "/organizations",
		role: administration.Viewer,
		get: func(r *request) (any, error) {
			id := r.PathValue("id")
			o, err := r.admin.Organization(r.Context(), id)
			if err != nil {
				return nil, err
			}
			of := administration.Selection{Organizations: []string{id}}
			shown := organizationShown{Organization: o}
			if shown.Codes, err = r.admin.Codes(r.Context(), of); err != nil {
				return nil, err
			}
			shown.Items, err = r.admin.Items(r.Context(), of)
			return shown, err
		},
		final: map[string]question{"remove": {text: "Remove this organization?", of: "id"}},
		actions: map[string]action{
			"change": {administration.Editor, func(r *request) (string, error) {
				id, name := r.PathValue("id"), r.PostForm.Get("name")
				change := administration.OrganizationChange{Name: &name}
				if code := r.PostForm.Get("defaultHandshake"); code != "" {
					change.DefaultHandshake = &code
				}
				_, err := r.admin.ChangeOrganization(r.Context(), id, change, r.tags())
				return "organizations/" + segment(id) + "?done=changed", err
			}},
			"archive": {administration.Editor, func(r *request) (string, error) {
				id := r.PathValue("id")
				return "organizations/" + segment(id) +
					"?done=archived", r.admin.ArchiveOrganization(r.Context(), id, true)
			}},
			"unarchive": {administration.Editor, func(r *request) (string, error) {
				id := r.PathValue("id")
				return "organizations/" + segment(id) +
					"?done=unarchived", r.admin.ArchiveOrganization(r.Context(), id, false)
			}},
			"remove": {administration.Editor, func(r *request) (string, error) {
				return "organizations?done=removed", r.admin.RemoveOrganization(r.Context(), r.PathValue("id"))
			}},
		},
	},
}

type organizationShown struct {
	administration.Organization
	Codes administration.Page[administration.Code]
	Items administration.Page[administration.Item]
}

func (o organizationShown) title() string { return o.Name }

// Tag identifies what is shown, for who changes it.
func (o organizationShown) Tag() string { return administration.Tag(o.Organization) }
