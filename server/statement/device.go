package statement

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Reading is what a device said of itself at a time, as LTS_GetLicenseInfo tells it. What
// it says was accepted, it has receipts of the server for.
type Reading struct {
	Device   string `json:"device"`   // its UUID
	Accepted int64  `json:"accepted"` // units that were accepted of it, over all times
}

// DeviceAccount compares what a statement has of a device with what the device says.
type DeviceAccount struct {
	Device   string
	Stated   int64 // units in the reports behind the statement
	Accepted int64 // units that the device says were accepted, from its first reading to its last
	Readings int
}

// Agrees tells whether both are the same.
func (a DeviceAccount) Agrees() bool { return a.Stated == a.Accepted }

// CompareDevices compares what reports behind a statement have of devices with what these
// said: lines of JSON, each a Reading, those of a device in the order in which it said
// them. Of a device with one line, all counts that was ever accepted of it. others is how
// many devices are behind the statement that said nothing.
func (p *Proof) CompareDevices(readings io.Reader) (accounts []DeviceAccount, others int, err error) {
	if !p.Reports {
		return nil, 0, errors.New(
			"what devices say is compared with the reports behind a statement, and there are none")
	}
	first, last, times := map[string]int64{}, map[string]int64{}, map[string]int{}
	lines := bufio.NewReaderSize(readings, maxReading)
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) { // the last line may lack its end
			return nil, 0, fmt.Errorf("line %d of the devices: %w", n, err)
		}
		var r Reading
		if err := readStrictly(line, &r); err != nil || r.Device == "" || r.Accepted < 0 {
			return nil, 0, errors.Join(fmt.Errorf(`line %d of the devices is not one such as {"device": "UUID", `+
				`"accepted": 1312}`, n), err)
		}
		if before, known := last[r.Device]; !known {
			first[r.Device] = r.Accepted
		} else if r.Accepted < before {
			return nil, 0, fmt.Errorf("line %d of the devices: device %s says that %d units were accepted, after it "+
				"said %d; its lines are to be in the order of time", n, r.Device, r.Accepted, before)
		}
		last[r.Device] = r.Accepted
		times[r.Device]++
	}
	for device, accepted := range last {
		if times[device] > 1 {
			accepted -= first[device]
		}
		accounts = append(accounts, DeviceAccount{device, p.Devices[device], accepted, times[device]})
	}
	slices.SortFunc(accounts, func(a, b DeviceAccount) int { return cmp.Compare(a.Device, b.Device) })
	for device := range p.Devices {
		if times[device] == 0 {
			others++
		}
	}
	return accounts, others, nil
}

// maxReading is more than a line of what devices say has, in bytes.
const maxReading = 4096
