// Command load keeps a constant stream of HTTP requests and WebSocket messages on a service and counts what comes back.
// It ends after its time, or earlier on SIGINT, and then prints its report as JSON. Nothing is tried again: what a
// caller would have missed is lost.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

type options struct {
	url        *url.URL
	address    string
	rate       float64
	sockets    int
	socketPath string
	socketRate float64
	timeout    time.Duration
}

func main() {
	given := options{}
	target := flag.String("url", "", "where to send requests; its host is the Host header")
	flag.StringVar(&given.address, "address", "", "where to connect to, if not to the URL's host")
	flag.Float64Var(&given.rate, "rate", 300, "requests per second, or as many as are answered, if those are fewer")
	flag.IntVar(&given.sockets, "sockets", 0, "WebSockets kept open")
	flag.StringVar(&given.socketPath, "socket-path", "", "their path; the URL's if empty")
	flag.Float64Var(&given.socketRate, "socket-rate", 5, "messages per second on each")
	// A minute is what proxies wait. On a slow machine requests queue while pods start: an answer that comes late is slow,
	// and the report has the slowest; lost is what never comes.
	flag.DurationVar(&given.timeout, "timeout", time.Minute, "how long to wait for an answer")
	seconds := flag.Float64("seconds", 10, "how long, ten minutes at most")
	flag.Parse()
	if err := given.check(*target, *seconds); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	lasting := time.Duration(*seconds * float64(time.Second))
	ending, cancel := context.WithTimeout(context.Background(), lasting)
	defer cancel()
	ending, stop := signal.NotifyContext(ending, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(run(ending, given))
}

// check refuses what is no test of ours: load goes to this machine only, and not for ever.
func (o *options) check(target string, seconds float64) error {
	parsed, err := url.Parse(target)
	if err != nil || parsed.Host == "" {
		return fmt.Errorf("-url %q is no URL", target)
	}
	o.url = parsed
	if o.address == "" {
		o.address = parsed.Host
	}
	if o.socketPath == "" {
		o.socketPath = parsed.RequestURI()
	}
	host, _, err := net.SplitHostPort(o.address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("-address %q is no loopback address with a port", o.address)
	}
	if seconds <= 0 || seconds > 600 || o.rate < 0 || o.rate > 5000 || o.sockets > 500 || o.socketRate > 100 {
		return fmt.Errorf("too long or too much")
	}
	return nil
}

func run(ending context.Context, given options) map[string]any {
	begun := time.Now()
	requests, messages := newTally(begun), newTally(begun)
	var all sync.WaitGroup
	all.Go(func() { sendRequests(ending, given, requests) })
	sockets := &socketTally{}
	for range given.sockets {
		all.Go(func() { keepSocket(ending, given, messages, sockets) })
	}
	all.Wait()
	took := time.Since(begun).Seconds()
	return map[string]any{
		"seconds":  took,
		"http":     requests.report(took),
		"messages": messages.report(took),
		"sockets":  sockets.report(),
	}
}
