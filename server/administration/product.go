package administration

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// The bits of products of the vendor's own: those that no built-in one has. The
// highest bit would make the number negative in C.
const (
	firstOwnProduct = protocol.Product(1 << 5)
	lastOwnProduct  = protocol.Product(1 << 30)
)

// AddProduct names a product of the vendor's own. Its bit is what an SDK of it puts
// into the field products of its parameters; 0: the next free one.
func (a *Administrator) AddProduct(ctx context.Context, name string, bit protocol.Product) (store.Product, error) {
	product := store.Product{Name: name, Bit: bit, CreatedAt: a.Now().Unix()}
	if err := errors.Join(a.may(Editor), a.everywhere(), checkOwnProduct(name, cmp.Or(bit, firstOwnProduct))); err != nil {
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
				return exists("product", other.Name)
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

// BuiltInProducts lists the products that every server knows.
func BuiltInProducts() []store.Product {
	list := make([]store.Product, len(builtInProducts))
	for i, name := range builtInProducts {
		list[i] = store.Product{Name: name, Bit: products[name]}
	}
	return list
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
		return invalid("bit", "%d is not the bit of a product: one of %d, %d, ... %d", bit, firstOwnProduct, 2*firstOwnProduct, lastOwnProduct)
	}
	return nil
}
