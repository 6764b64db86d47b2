// Package conformance holds what every implementation is judged by: the shared
// vectors (slots.json, signing.json), the one source of codes and enumerations
// (definitions.json), the scenarios each binding passes against a real server
// (scenarios.json), and tests of the client against the server.
package conformance
