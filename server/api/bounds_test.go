package api

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
)

// Each text and list of a request is bounded, and no text holds control characters, whichever
// fields a request gets.
func TestEachFieldOfARequestIsBounded(t *testing.T) {
	fresh := func() *protocol.AuthorizationRequest {
		return &protocol.AuthorizationRequest{
			Protocol: protocol.Version, Nonce: protocol.Encoding.EncodeToString(make([]byte, minNonce)),
			Device: protocol.Device{UUID: uuid.NewString()},
		}
	}
	if err := checkAuthorization(fresh()); err != nil {
		t.Fatal(err)
	}
	found := 0
	refused := func(name string, set func(field reflect.Value), path ...int) {
		request := fresh()
		set(reflect.ValueOf(request).Elem().FieldByIndex(path))
		if checkAuthorization(request) == nil {
			t.Errorf("checkAuthorization has no bound for %s", name)
		}
		found++
	}
	var walk func(of reflect.Type, before string, path ...int)
	walk = func(of reflect.Type, before string, path ...int) {
		for field := range of.Fields() {
			name, at := before+field.Name, append(append([]int{}, path...), field.Index...)
			switch field.Type.Kind() {
			case reflect.Struct:
				walk(field.Type, name+".", at...)
			case reflect.String:
				if name == "Device.PublicKey" { // deviceKey reads it
					continue
				}
				refused(name, func(v reflect.Value) { v.SetString(strings.Repeat("a", maxText+1)) }, at...)
				refused(name, func(v reflect.Value) { v.SetString("a\x1b[31m") }, at...)
			case reflect.Slice:
				refused(name, func(v reflect.Value) { v.Set(reflect.MakeSlice(field.Type, 1000, 1000)) }, at...)
			}
		}
	}
	walk(reflect.TypeFor[protocol.AuthorizationRequest](), "")
	if found < 20 {
		t.Errorf("only %d fields were found", found)
	}
}
