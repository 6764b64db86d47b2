package main

import "errors"

func (a *app) remote() (service, error) { return nil, errors.New("not yet") }
