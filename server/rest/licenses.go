package rest

import (
	"net/http"

	"github.com/openlts/openlts/server/administration"
)

// LicenseText is a license file.
type LicenseText struct {
	License string `json:"license"`
}

func (a *API) showServer(*request) (answer, error) {
	return answer{value: administration.ViewServer(a.PublicKey)}, nil
}

func vendorKey(r *request) (answer, error) {
	key, err := r.admin.VendorPublicKey(r.Context())
	if err != nil {
		return answer{}, err
	}
	return answer{value: administration.ViewKey(key)}, nil
}

func changeProduct(r *request) (answer, error) {
	var in administration.ProductChange
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	changed, err := r.admin.ChangeProduct(r.Context(), r.PathValue("name"), in)
	return answer{value: changed}, err
}

// foundProduct finds the product that a request added or renamed.
func foundProduct(status int) repeat {
	return func(r *request, object string) (answer, error) {
		list, err := r.admin.Products(r.Context())
		if err != nil {
			return answer{}, err
		}
		for _, product := range list {
			if product.Name == object {
				return answer{status: status, value: product}, nil
			}
		}
		return answer{}, &administration.Error{
			Kind: administration.NotFound, Object: administration.ObjectProduct, ID: object,
			Text: "the product " + object + " was renamed meanwhile",
		}
	}
}

func (a *API) importLicense(r *request) (answer, error) {
	var in administration.LicenseInput
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	content, err := r.admin.Import(r.Context(), in, administration.ServerUUID(a.PublicKey))
	return answer{value: content}, err
}

func showLicense(r *request) (answer, error) {
	var in LicenseText
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	content, err := r.admin.ShowLicense(r.Context(), in.License)
	return answer{value: content}, err
}

func revokeLicense(r *request) (answer, error) {
	var in LicenseText
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	made, err := r.admin.RevokedLicense(r.Context(), in.License)
	return answer{status: http.StatusCreated, value: made}, err
}

func replayItem(r *request) (answer, error) {
	var in administration.ReplayInput
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	replayed, err := r.admin.Replay(r.Context(), r.PathValue("id"), in)
	return answer{value: replayed}, err
}

func draftStatement(r *request) (answer, error) {
	made, err := r.admin.DraftStatement(r.Context(), r.PathValue("id"), r.PathValue("month"), r.URL.Query().Get("zone"))
	if err != nil {
		return answer{}, err
	}
	return answer{value: made.File()}, nil
}
