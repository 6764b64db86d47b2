package alerts

import "strconv"

// grouped writes a number with its thousands apart, as English texts do.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	first := 0 // of what has commas
	if n < 0 {
		first = 1
	}
	for i := len(digits) - 3; i > first; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// counted says how many of something there are; one is its name.
func counted(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + one + "s"
}
