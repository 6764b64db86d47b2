package rest

// SeatMove says to which device the seats of a device move.
type SeatMove struct {
	To    string   `json:"to"`              // a UUID
	Items []string `json:"items,omitempty"` // none: all
}

// DeviceMerge says into which device another one is merged.
type DeviceMerge struct {
	Into string `json:"into"` // a UUID
}

func listSeats(r *request) (answer, error) {
	s, err := r.selection()
	if err != nil {
		return answer{}, err
	}
	page, err := r.admin.Seats(r.Context(), r.PathValue("id"), s)
	return answer{value: page}, err
}

func freeSeat(r *request) (answer, error) {
	return answer{}, r.admin.FreeSeat(r.Context(), r.PathValue("id"), r.PathValue("uuid"))
}

func moveSeats(r *request) (answer, error) {
	var in SeatMove
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	return answer{}, r.admin.MoveSeats(r.Context(), r.PathValue("uuid"), in.To, in.Items...)
}

func mergeDevice(r *request) (answer, error) {
	var in DeviceMerge
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	return answer{}, r.admin.MergeDevice(r.Context(), r.PathValue("uuid"), in.Into)
}
