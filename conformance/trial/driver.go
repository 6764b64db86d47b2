package trial

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// A driver is a program of the client's maker, which does what it is told, a line of its
// standard input after the other, and answers each by a line: "ok", or "error CODE", with
// more text behind it if it likes.
//
//	open MAIN STANDBY CODE DIRECTORY   initialize; STANDBY is "-" if there is none
//	record TYPE COUNT                  operations done now, of a built-in type
//	submit                             submit everything now
//	close                              end the license, submitting what is left
//
// When its standard input ends, it ends, without more ado.
type driver struct {
	command *exec.Cmd
	in      io.WriteCloser
	answers chan string // closed when it ended
	ended   context.CancelFunc
}

const (
	answerTimeout = 90 * time.Second // for one line; an open or close has a deadline of its own
	longestAnswer = 4096
)

func startDriver(ctx context.Context, command []string, log io.Writer) (*driver, error) {
	ctx, cancel := context.WithCancel(ctx)
	d := &driver{
		command: exec.CommandContext(ctx, command[0], command[1:]...),
		answers: make(chan string),
		ended:   cancel,
	}
	d.command.Stderr = log
	d.command.WaitDelay = time.Second
	var out io.Reader
	var err error
	if d.in, err = d.command.StdinPipe(); err == nil {
		out, err = d.command.StdoutPipe()
	}
	if err == nil {
		err = d.command.Start()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	go func() {
		defer close(d.answers)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, longestAnswer)
		for lines.Scan() {
			select {
			case d.answers <- lines.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return d, nil
}

// tell has the driver do something, and gives how it ended: "ok" or a status code.
func (d *driver) tell(line string) (string, error) {
	if _, err := io.WriteString(d.in, line+"\n"); err != nil {
		return "", fmt.Errorf("the driver ended before %q: %w", line, err)
	}
	select {
	case answer, open := <-d.answers:
		words := strings.Fields(answer)
		switch {
		case !open:
			return "", fmt.Errorf(
				"the driver ended at %q, or answered a line of more than %d bytes",
				line,
				longestAnswer,
			)
		case len(words) >= 1 && words[0] == "ok":
			return "ok", nil
		case len(words) >= 2 && words[0] == "error":
			return words[1], nil
		}
		return "", fmt.Errorf("the driver answers %q by %q, and not by ok or error CODE", line, answer)
	case <-time.After(answerTimeout):
		return "", fmt.Errorf("the driver does not answer %q within %v", line, answerTimeout)
	}
}

// end lets the driver end.
func (d *driver) end() error {
	_ = d.in.Close() // it may have ended
	done := make(chan error, 1)
	go func() {
		for range d.answers { // what else it says is of no interest
		}
		done <- d.command.Wait()
	}()
	select {
	case err := <-done:
		d.ended()
		if err != nil {
			return fmt.Errorf("the driver ended with %w", err)
		}
		return nil
	case <-time.After(answerTimeout):
		d.ended()
		return errors.Join(errors.New("the driver does not end when its input does"), <-done)
	}
}

// kill kills the driver, as a crash would.
func (d *driver) kill() {
	_ = d.command.Process.Kill() // it may have ended
	d.ended()
	for range d.answers {
	}
	_ = d.command.Wait() // killed
	_ = d.in.Close()
}
