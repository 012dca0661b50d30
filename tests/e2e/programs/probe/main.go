// Command probe is the service that the end-to-end tests put wherever an application would have one of its own. It tells
// who it is, what it knows and reaches, and who called it; and it does as it is told: slow, unready, unhealthy, crashing.
//
//	probe                     serve
//	probe check URL           ask a URL, as a health check does
//	probe ask URL             ask a URL and print the answer, for whoever is inside with `exec`
//	probe work DURATION       do a job: wait, and end well
//
// A test speaks to it in two ways: paths below /_probe/ ask and command, and query parameters whose names begin with
// "probe-" shape the answer to any other request.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	arguments := append(os.Args[1:], "", "")
	switch arguments[0] {
	case "check":
		check(arguments[1])
	case "ask":
		told, _ := json.Marshal(fetch(arguments[1], longPatience))
		fmt.Println(string(told))
	case "work":
		time.Sleep(duration(arguments[1], 0))
		say(map[string]any{"event": "work done"})
	default:
		serve()
	}
}

func check(url string) {
	client := http.Client{Timeout: 3 * time.Second}
	answer, err := client.Get(url)
	if err != nil || answer.StatusCode >= 400 {
		fmt.Fprintln(os.Stderr, "probe check:", url, err)
		os.Exit(1)
	}
}

func serve() {
	if code := os.Getenv("PROBE_CRASH"); code != "" {
		say(map[string]any{"event": "crash"})
		os.Exit(3)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	time.Sleep(duration(os.Getenv("PROBE_START_DELAY"), 0))
	if percent, _ := strconv.Atoi(os.Getenv("PROBE_BUSY")); percent > 0 {
		go burn(percent)
	}
	service := newService()
	servers := listen(service)
	say(map[string]any{"event": "serving", "name": service.Name, "ports": ports()})
	for received := range signals {
		service.heard(received)
		if received != syscall.SIGUSR1 && received != syscall.SIGUSR2 && received != syscall.SIGHUP {
			stop(service, servers)
			return
		}
	}
}

// burn computes for so many percent of one processor's time.
func burn(percent int) {
	const turn = 100 * time.Millisecond
	work := turn * time.Duration(percent) / 100
	for {
		for begun := time.Now(); time.Since(begun) < work; {
		}
		time.Sleep(turn - work)
	}
}

// stop is what a good service does on a signal: finish what is under way, say goodbye, go.
func stop(service *service, servers []*http.Server) {
	begun := time.Now()
	time.Sleep(duration(os.Getenv("PROBE_STOP_DELAY"), 0))
	service.leave()
	ending, cancel := context.WithTimeout(context.Background(), 25*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for _, server := range servers {
		all.Go(func() { _ = server.Shutdown(ending) })
	}
	all.Wait()
	say(map[string]any{"event": "stopped", "seconds": time.Since(begun).Seconds()})
}

func listen(service *service) []*http.Server {
	var servers []*http.Server
	for _, port := range ports() {
		listener, err := net.Listen("tcp", ":"+port)
		if err != nil {
			say(map[string]any{"event": "cannot listen", "error": err.Error()})
			os.Exit(2)
		}
		server := &http.Server{Handler: service, MaxHeaderBytes: 1 << 20}
		servers = append(servers, server)
		go func() { _ = server.Serve(listener) }()
	}
	return servers
}

func ports() []string {
	if listed := os.Getenv("PROBE_PORTS"); listed != "" {
		return strings.Split(listed, ",")
	}
	return []string{"3000"}
}

// duration reads a Go duration; what is none counts as the default.
func duration(text string, fallback time.Duration) time.Duration {
	if parsed, err := time.ParseDuration(text); err == nil {
		return parsed
	}
	return fallback
}
