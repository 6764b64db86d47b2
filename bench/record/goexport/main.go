// Package main is the Go side of the benchmark: what a C program pays for
// counters that live in Go. It is a module of its own, so that OpenLTS does not
// depend on the libraries it is compared with.
package main

import "C"

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
)

var (
	prometheusCounter prometheus.Counter
	telemetryCounter  metric.Int64Counter
	// Prepared once, which is the fast way to pass attributes.
	telemetryAttributes metric.AddOption
)

func init() {
	counters := prometheus.NewCounterVec(
		prometheus.CounterOpts{Name: "operations_total", Help: "Operations."}, []string{"type"})
	prometheus.NewRegistry().MustRegister(counters)
	prometheusCounter = counters.WithLabelValues("QR_CODE")

	provider := sdk.NewMeterProvider(sdk.WithReader(sdk.NewManualReader()))
	var err error
	telemetryCounter, err = provider.Meter("bench").Int64Counter("operations")
	if err != nil {
		panic(err)
	}
	telemetryAttributes = metric.WithAttributeSet(attribute.NewSet(attribute.String("type", "QR_CODE")))
}

// GoEmpty does nothing: the price of entering Go.
//
//export GoEmpty
func GoEmpty(license int64, operationType, count int32) int32 { return 0 }

// GoPrometheusAdd adds to a counter of client_golang.
//
//export GoPrometheusAdd
func GoPrometheusAdd(license int64, operationType, count int32) int32 {
	prometheusCounter.Add(float64(count))
	return 0
}

// GoOpenTelemetryAdd adds to a counter of the OpenTelemetry SDK.
//
//export GoOpenTelemetryAdd
func GoOpenTelemetryAdd(license int64, operationType, count int32) int32 {
	telemetryCounter.Add(context.Background(), int64(count), telemetryAttributes)
	return 0
}

func main() {}
