package main

import (
	"regexp"
	"slices"
	"sync"
	"time"
)

const remembered = 20

// The parts of an error that differ from one to the next.
var changing = regexp.MustCompile(`:\d{4,5}\b`)

type loss struct {
	Second float64 `json:"second"`
	Error  string  `json:"error"`
}

type tally struct {
	begun  time.Time
	mutex  sync.Mutex
	took   []float64
	lost   int
	errors map[string]int
	first  []loss
	last   *loss
	by     map[string]int
}

func newTally(begun time.Time) *tally {
	return &tally{begun: begun, errors: map[string]int{}, by: map[string]int{}}
}

func (t *tally) count(attempt func() (string, error)) {
	_ = t.attempt(attempt, func(error) bool { return false })
}

// attempt counts one exchange; a pardoned error counts as neither answered nor lost.
func (t *tally) attempt(attempt func() (string, error), pardoned func(error) bool) error {
	begun := time.Now()
	by, err := attempt()
	took := time.Since(begun)
	switch {
	case err == nil:
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.took = append(t.took, took.Seconds()*1000)
		if by != "" {
			t.by[by]++
		}
	case !pardoned(err):
		t.fail(err)
	}
	return err
}

func (t *tally) fail(err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.lost++
	text := changing.ReplaceAllString(err.Error(), ":*")
	t.errors[text]++
	t.last = &loss{time.Since(t.begun).Seconds(), text}
	if len(t.first) < remembered {
		t.first = append(t.first, *t.last)
	}
}

func (t *tally) report(seconds float64) map[string]any {
	slices.Sort(t.took)
	return map[string]any{
		"sent": len(t.took) + t.lost, "answered": len(t.took), "lost": t.lost, "errors": t.errors,
		"first": t.first, "last": t.last,
		"by": t.by, "rate": float64(len(t.took)) / seconds,
		"p50": t.percentile(0.5), "p99": t.percentile(0.99), "max": t.percentile(1),
	}
}

// percentile is in milliseconds.
func (t *tally) percentile(part float64) float64 {
	if len(t.took) == 0 {
		return 0
	}
	return t.took[min(int(part*float64(len(t.took))), len(t.took)-1)]
}
