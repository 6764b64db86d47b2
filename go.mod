module github.com/openlts/openlts

go 1.26

require (
	github.com/google/uuid v1.6.0
	github.com/mattn/go-sqlite3 v1.14.53
	golang.org/x/sys v0.49.0
)
