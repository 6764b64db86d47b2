package policy

import (
	"strings"
	"testing"
)

func TestDomainOf(t *testing.T) {
	for field, want := range map[string]string{
		"example.com": "example.com", "www.Example.COM.": "example.com",
		"https://a.b.example.co.uk/x?y": "example.co.uk", "example.com:8443": "example.com",
		"http://user:password@shop.example.com:80/": "example.com", "one.github.io": "one.github.io",
		"a.one.github.io": "one.github.io", "localhost": "localhost", "LOCALHOST:3000": "localhost",
		"10.0.0.1": "10.0.0.1", "http://[::1]:80/": "::1", "::FFFF:10.0.0.1": "10.0.0.1",
		"xn--bcher-kva.example": "xn--bcher-kva.example", "www.Bücher.example": "xn--bcher-kva.example", "": "",
		" ": "", "com": "com", "co.uk": "", "github.io": "", "a b": "", "-a.com": "", "a..com": "", "reader.exe/": "",
		"http://": "", "https://%zz": "", "\x00.com": "", strings.Repeat("a", 64) + ".com": "",
		strings.Repeat("a.", 130) + "com": "",
	} {
		if got := domainOf(field); got != want {
			t.Errorf("%.80q is of %q, not %q", field, got, want)
		}
	}
}

// Whatever a validation field holds, what it stands for stands for itself, and is
// short and plain enough to keep.
func FuzzDomainOf(f *testing.F) {
	for _, field := range []string{"www.example.com", "https://a.b.co.uk:1/", "http://[::1]:80", "10.0.0.1",
		"a.github.io", "..", "[", "://", "%"} {
		f.Add(field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		domain := domainOf(field)
		if again := domainOf(domain); again != domain {
			t.Errorf("%q is of %q, which is of %q", field, domain, again)
		}
		if len(domain) > maxDomain || strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789.-:") != "" {
			t.Errorf("%q is of %q", field, domain)
		}
	})
}
