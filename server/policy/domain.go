package policy

import (
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// maxDomain is the longest name of a domain, in bytes.
const maxDomain = 253

// domainOf is the domain of a validation field: the registrable one, such as example.com for
// https://www.example.com:8443, so that all names of a company count as one. If a host gives others
// names below its own, it is theirs. An address, or a name without a dot, stands for itself. "" if
// the field is not the name of a host.
func domainOf(field string) string {
	host := strings.TrimSpace(field)
	if strings.Contains(host, "://") {
		u, err := url.Parse(host)
		if err != nil {
			return ""
		}
		host = u.Host
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if ip := net.ParseIP(host); ip != nil {
		return ip.String()
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	if !hostName(host) {
		return ""
	}
	if !strings.Contains(host, ".") {
		return host
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil { // a public suffix itself
		return ""
	}
	return domain
}

// hostName tells whether this can be a host name: labels of letters, digits and '-'.
func hostName(name string) bool {
	if name == "" || len(name) > maxDomain {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}
