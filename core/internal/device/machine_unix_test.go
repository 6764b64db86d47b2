//go:build unix

package device

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMachinesWithoutAnIdentity have none: those of an image would all be one.
func TestMachinesWithoutAnIdentity(t *testing.T) {
	const id = "0123456789abcdef0123456789abcde0"
	directory := t.TempDir()
	first, second := filepath.Join(directory, "machine-id"), filepath.Join(directory, "dbus")
	for text, good := range map[string]bool{
		id: true, id + "\n": true, strings.ToUpper(id): true, " " + id + " \n": true,
		"": false, "\n": false, "uninitialized": false, "uninitialized\n": false, strings.Repeat("0", 32): false,
		strings.Repeat("0", 32) + "\n": false, id[1:]: false, id + "0": false, id[1:] + "g": false,
		strings.Repeat("f", 1<<20): false, "01234567-89ab-cdef-0123-456789abcde0": false,
		strings.Repeat("f", 32): false, strings.Repeat("F", 32): false, strings.Repeat("7", 32) + "\n": false,
		strings.Repeat("10", 16): false, strings.Repeat("deadbeef", 4): false,
		strings.Repeat("0123456789abcdef", 2): false, "03000200040005000006000700080009": false,
		"12345678123456789012123456789012\n": false,
	} {
		if err := os.WriteFile(first, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(second)
		got, err := firstMachineID(first, second)
		if good && (err != nil || got != id) || !good && (err == nil || !strings.Contains(err.Error(), "machine-id")) {
			t.Errorf("%.40q: %q, %v", text, got, err)
		}
		if err := os.WriteFile(second, []byte(id), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := firstMachineID(first, second); err != nil || got != id {
			t.Errorf("%.40q, and another one: %q, %v", text, got, err)
		}
	}
	_ = os.Remove(first)
	_ = os.Remove(second)
	if _, err := firstMachineID(first, second); err == nil || !strings.Contains(err.Error(), "there is no "+first) {
		t.Errorf("none: %v", err)
	}
}
