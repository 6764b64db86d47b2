package main

import (
	"bufio"
	"strings"
	"testing"
)

const events = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"    a_test.go:1: chatter\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"--- PASS: TestGood (0.00s)\n"}
{"Action":"pass","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestSkipped/case","Output":"=== RUN   TestSkipped/case\n"}
{"Action":"output","Package":"p","Test":"TestSkipped/case","Output":"    a_test.go:5: no such\n"}
{"Action":"output","Package":"p","Test":"TestSkipped/case","Output":"        machine\n"}
{"Action":"output","Package":"p","Test":"TestSkipped/case","Output":"    --- SKIP: TestSkipped/case (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestSkipped/case"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.01s\n"}
{"Action":"pass","Package":"p"}
{"Action":"output","Package":"q","Test":"TestBad","Output":"=== RUN   TestBad\n"}
{"Action":"output","Package":"q","Test":"TestBad","Output":"    b_test.go:7: got 1, want 2\n"}
{"Action":"output","Package":"q","Test":"TestBad","Output":"--- FAIL: TestBad (0.00s)\n"}
{"Action":"fail","Package":"q","Test":"TestBad"}
{"Action":"output","Package":"q","Test":"TestHanging","Output":"panic: test timed out\n"}
{"Action":"output","Package":"q","Output":"FAIL\n"}
{"Action":"output","Package":"q","Output":"FAIL\tq\t0.02s\n"}
{"Action":"fail","Package":"q"}
{"ImportPath":"r","Action":"build-output","Output":"r.go:1:1: syntax error\n"}
{"ImportPath":"r","Action":"build-fail"}
{"Action":"output","Package":"s","Output":"?   \ts\t[no test files]\n"}
{"Action":"skip","Package":"s"}
go: something else
`

const condensed = `skipped: TestSkipped/case: a_test.go:5: no such machine
ok  	p	0.01s
    b_test.go:7: got 1, want 2
--- FAIL: TestBad (0.00s)
FAIL	q	0.02s
TestHanging did not end:
panic: test timed out
r.go:1:1: syntax error
go: something else
`

func TestCondense(t *testing.T) {
	var got strings.Builder
	out := bufio.NewWriter(&got)
	if err := condense(strings.NewReader(events), out); err != nil {
		t.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	if got.String() != condensed {
		t.Errorf("got\n%s\nwant\n%s", got.String(), condensed)
	}
}
