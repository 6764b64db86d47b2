package pages

import (
	"strconv"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
)

var productPages = []page{{
	path: "/products", name: "products", title: "Products", nav: "/items", role: administration.Viewer,
	get: func(r *request) (any, error) { return r.admin.Products(r.Context()) },
	actions: map[string]action{
		"add": {administration.Editor, func(r *request) (string, error) {
			bit, err := strconv.ParseInt(cmp0(r.PostForm.Get("bit")), 10, 32)
			if err != nil {
				return "", mistake("bit", "a bit is a power of two from 32 on, or empty: the next free one")
			}
			_, err = r.admin.NewProduct(r.Context(), administration.ProductInput{
				Name: strings.TrimSpace(r.PostForm.Get("name")), Bit: protocol.Product(bit),
			})
			return "products?done=added", err
		}},
		"rename": {administration.Editor, func(r *request) (string, error) {
			_, err := r.admin.ChangeProduct(r.Context(), r.PostForm.Get("product"), administration.ProductChange{
				Name: strings.TrimSpace(r.PostForm.Get("newName")),
			})
			return "products?done=renamed", err
		}},
	},
}}
