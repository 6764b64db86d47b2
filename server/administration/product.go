package administration

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// The bits for a vendor's own products: those that no built-in product has. The highest bit would
// make the number negative in C.
const (
	firstOwnProduct = protocol.Product(1 << 5)
	lastOwnProduct  = protocol.Product(1 << 30)
)

// AddProduct adds a product of the vendor's own. An SDK of that product sets this bit in the
// parameter products; 0 means the next free bit.
func (a *Administrator) AddProduct(ctx context.Context, name string, bit protocol.Product) (store.Product, error) {
	product := store.Product{Name: name, Bit: bit, CreatedAt: a.Now().Unix()}
	if err := errors.Join(a.may(Editor), a.everywhere(),
		checkOwnProduct(name, cmp.Or(bit, firstOwnProduct))); err != nil {
		return product, err
	}
	err := a.Store.Update(ctx, func(tx store.Tx) error {
		known, err := tx.Products()
		if err != nil {
			return err
		}
		taken := map[protocol.Product]bool{}
		for _, other := range known {
			taken[other.Bit] = true
			if strings.EqualFold(other.Name, name) {
				return exists(ObjectProduct, other.Name)
			}
		}
		if product.Bit == 0 {
			for product.Bit = firstOwnProduct; taken[product.Bit]; product.Bit <<= 1 {
				if product.Bit == lastOwnProduct {
					return invalid("bit", "all bits of products are taken")
				}
			}
		}
		if err := tx.AddProduct(product); errors.Is(err, store.ErrExists) {
			return invalid("bit", "the bit %d is that of another product", product.Bit)
		} else if err != nil {
			return err
		}
		return a.audit(tx, "product.add", name, "bit %d", product.Bit)
	})
	return product, err
}

// Product is a product that items may be limited to, as it is shown.
type Product struct {
	Name    string           `json:"name"`
	Bit     protocol.Product `json:"bit"` // what its SDK puts into the field products of its parameters
	BuiltIn bool             `json:"builtIn"`
}

// ProductInput is a product of the vendor's own.
type ProductInput struct {
	Name string           `json:"name"`
	Bit  protocol.Product `json:"bit,omitempty"` // 0: the next free one
}

// ProductChange is a change of a product.
type ProductChange struct {
	Name string `json:"name"`
}

// Products lists all products: the built-in ones, then the vendor's own.
func (a *Administrator) Products(ctx context.Context) ([]Product, error) {
	if err := a.may(Viewer); err != nil {
		return nil, err
	}
	own, err := a.Store.Products(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Product, 0, len(builtInProducts)+len(own))
	for _, name := range builtInProducts {
		list = append(list, Product{name, products[name], true})
	}
	for _, product := range own {
		list = append(list, Product{product.Name, product.Bit, false})
	}
	return list, nil
}

// NewProduct names a product of the vendor's own.
func (a *Administrator) NewProduct(ctx context.Context, in ProductInput) (Product, error) {
	added, err := a.AddProduct(ctx, in.Name, in.Bit)
	return Product{added.Name, added.Bit, false}, err
}

// ChangeProduct renames a product of the vendor's own. Its bit stays, so items keep their limits.
func (a *Administrator) ChangeProduct(ctx context.Context, name string, change ProductChange) (Product, error) {
	var changed Product
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return changed, err
	}
	if _, builtIn := products[strings.ToUpper(name)]; builtIn {
		return changed, invalid("name", "%s is a product that is built in; it keeps its name", strings.ToUpper(name))
	}
	return changed, a.Store.Update(ctx, func(tx store.Tx) error {
		known, err := tx.Products()
		if err != nil {
			return err
		}
		var before store.Product
		for _, product := range known {
			switch {
			case strings.EqualFold(product.Name, name):
				before = product
			case strings.EqualFold(product.Name, change.Name):
				return exists(ObjectProduct, product.Name)
			}
		}
		if before.Name == "" {
			return absent(ObjectProduct, name)
		}
		if err := checkOwnProduct(change.Name, before.Bit); err != nil {
			return err
		}
		changed = Product{change.Name, before.Bit, false}
		if changed.Name == before.Name {
			return nil
		}
		if err := records.RenameProduct(ctx, tx, before.Bit, change.Name); err != nil {
			return err
		}
		return a.audit(tx, "product.change", changed.Name, "name: %q → %q, bit %d", before.Name,
			changed.Name, before.Bit)
	})
}

// checkOwnProduct checks the name and the bit of a product of the vendor's own.
func checkOwnProduct(name string, bit protocol.Product) error {
	if err := checkID("name", "the name of the product", name); err != nil {
		return err
	}
	if _, builtIn := products[strings.ToUpper(name)]; builtIn {
		return invalid("name", "%s is a product that is built in", name)
	}
	if bit&(bit-1) != 0 || bit < firstOwnProduct || bit > lastOwnProduct {
		return invalid("bit", "%d is not the bit of a product: one of %d, %d, ... %d", bit, firstOwnProduct,
			2*firstOwnProduct, lastOwnProduct)
	}
	return nil
}
