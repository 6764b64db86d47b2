package recent

import (
	"strings"
	"testing"
)

func TestCache(t *testing.T) {
	c := New[int](2)
	for i, key := range []string{"a", "b", "c"} {
		c.Put(key, i)
	}
	for i, key := range []string{"a", "b", "c"} { // two generations hold all three
		if v, ok := c.Get(key); !ok || v != i {
			t.Errorf("%s: %d, %t", key, v, ok)
		}
	}
	for i := range 100 {
		c.Put(strings.Repeat("x", i), i)
		if _, ok := c.Get("c"); !ok {
			t.Fatal("what is used was forgotten")
		}
	}
	if n := len(c.young) + len(c.old); n > 4 {
		t.Errorf("it holds %d", n)
	}
	if _, ok := c.Get("nothing"); ok {
		t.Error("found nothing")
	}
	for range 2 {
		if v := c.GetOr("made", func() int { return len(c.young) + 100 }); v < 100 {
			t.Errorf("made %d", v)
		}
	}
	if first, again := c.GetOr("made", nil), c.GetOr("made", nil); first != again {
		t.Errorf("%d, then %d", first, again)
	}
}
