package pages

import "github.com/openlts/openlts/server/administration"

var signInPages = []page{
	{
		path: "/sign-in", name: "sign-in", title: "Sign in",
		get: func(r *request) (any, error) {
			if r.who().Name != "" {
				return redirection(local(r.URL.Query().Get("next"))), nil
			}
			return struct{ Next string }{r.URL.Query().Get("next")}, nil
		},
		actions: map[string]action{"sign-in": {do: signIn}},
	},
	{
		path: "/sign-out", name: "sign-in", title: "Sign out",
		get: func(*request) (any, error) { return redirection(""), nil },
		actions: map[string]action{"sign-out": {do: func(r *request) (string, error) {
			if cookie, err := r.Cookie(cookieName(r.Request)); err == nil {
				if err := r.pages.Administrator.SignOut(r.Context(), cookie.Value); err != nil {
					return "", err
				}
			}
			r.setSession("")
			return "sign-in?done=signed-out", nil
		}}},
	},
}

func signIn(r *request) (string, error) {
	// End an existing session, because somebody else may have set it.
	if cookie, err := r.Cookie(cookieName(r.Request)); err == nil {
		if err := r.pages.Administrator.SignOut(r.Context(), cookie.Value); err != nil {
			return "", err
		}
	}
	session, err := r.pages.Administrator.SignIn(r.Context(), r.pages.Attempts,
		administration.Network(Address(r.Request)),
		r.PostForm.Get("name"), r.PostForm.Get("password"))
	if err != nil {
		return "", err
	}
	r.setSession(session)
	return local(r.URL.Query().Get("next")), nil
}

var setUpPages = []page{{
	path: "/set-up", name: "set-up", title: "Set up this server",
	get: func(r *request) (any, error) {
		open, err := r.pages.Administrator.SetUpOpen(r.Context(), r.URL.Query().Get("token"))
		if err != nil {
			return nil, err
		}
		if !open && len(r.mistakes) == 0 {
			r.status = 403
		}
		return struct{ Open bool }{open}, nil
	},
	actions: map[string]action{"set-up": {do: func(r *request) (string, error) {
		form := r.PostForm
		if form.Get("password") != form.Get("again") {
			return "", &administration.Error{
				Kind: administration.Invalid, Field: "again", Text: "the two passwords differ",
			}
		}
		network := administration.Network(Address(r.Request))
		if _, err := r.pages.Administrator.SetUp(r.Context(), r.URL.Query().Get("token"), form.Get("name"),
			form.Get("password")); err != nil {
			return "", err
		}
		session, err := r.pages.Administrator.SignIn(r.Context(), r.pages.Attempts, network, form.Get("name"),
			form.Get("password"))
		if err != nil {
			return "", err
		}
		r.setSession(session)
		return "?done=welcome", nil
	}}},
}}
