package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ailtire.io/e2e/websocket"
)

type service struct {
	Name    string
	Host    string
	unready atomic.Bool
	unwell  atomic.Bool
	slow    atomic.Int64

	mutex    sync.Mutex
	signals  []heard
	failures map[string]int
	sockets  map[*websocket.Conn]bool
}

type heard struct {
	Signal string    `json:"signal"`
	At     time.Time `json:"at"`
}

func newService() *service {
	s := &service{failures: map[string]int{}, sockets: map[*websocket.Conn]bool{}}
	s.Host, _ = os.Hostname()
	s.Name = first(os.Getenv("PROBE_NAME"), os.Getenv("AILTIRE_SERVICENAME"), s.Host)
	s.unready.Store(os.Getenv("PROBE_READY") == "false")
	s.unwell.Store(os.Getenv("PROBE_HEALTHY") == "false")
	s.slow.Store(int64(duration(os.Getenv("PROBE_SLOW"), 0)))
	return s
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func (s *service) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	if what, ours := strings.CutPrefix(request.URL.Path, "/_probe/"); ours {
		s.control(writer, request, what)
		return
	}
	switch request.URL.Path {
	case "/health":
		s.verdict(writer, !s.unwell.Load())
		return
	case "/ready":
		s.verdict(writer, !s.unready.Load())
		return
	}
	time.Sleep(time.Duration(s.slow.Load()) + duration(request.URL.Query().Get("probe-delay"), 0))
	if websocket.Wanted(request) {
		s.echo(writer, request)
		return
	}
	s.answer(writer, request)
}

func (s *service) verdict(writer http.ResponseWriter, good bool) {
	if !good {
		writer.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = io.WriteString(writer, strconv.FormatBool(good)+"\n")
}

// answer tells the caller what arrived, and from whom.
func (s *service) answer(writer http.ResponseWriter, request *http.Request) {
	digest := sha256.New()
	size, err := io.Copy(digest, request.Body)
	status := s.status(request)
	if wanted, _ := strconv.Atoi(request.URL.Query().Get("probe-size")); wanted > 0 {
		writer.WriteHeader(status)
		_, _ = io.CopyN(writer, zeros{}, int64(wanted))
		return
	}
	writer.Header().Set("X-Probe-Host", s.Host)
	respond(writer, status, map[string]any{
		"name":    s.Name,
		"host":    s.Host,
		"stack":   os.Getenv("AILTIRE_PARENT"),
		"port":    localPort(request),
		"method":  request.Method,
		"path":    request.URL.EscapedPath(),
		"query":   request.URL.RawQuery,
		"to":      request.Host,
		"from":    request.RemoteAddr,
		"headers": request.Header,
		"body":    map[string]any{"size": size, "sha256": hex.EncodeToString(digest.Sum(nil)), "complete": err == nil},
	})
}

// status is 200 unless the caller asked for another; with probe-times, only so many times for each probe-key.
func (s *service) status(request *http.Request) int {
	query := request.URL.Query()
	status, err := strconv.Atoi(query.Get("probe-status"))
	if err != nil || status < 200 {
		return http.StatusOK
	}
	times, err := strconv.Atoi(query.Get("probe-times"))
	if err != nil {
		return status
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.failures[query.Get("probe-key")]++
	if s.failures[query.Get("probe-key")] > times {
		return http.StatusOK
	}
	return status
}

// echo sends every message back, the first time with its sender's name before it on request ("whoami").
func (s *service) echo(writer http.ResponseWriter, request *http.Request) {
	conn, err := websocket.Accept(writer, request)
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	s.mutex.Lock()
	s.sockets[conn] = true
	s.mutex.Unlock()
	defer func() {
		s.mutex.Lock()
		delete(s.sockets, conn)
		s.mutex.Unlock()
		conn.Close()
	}()
	for {
		message, err := conn.Read()
		if err != nil {
			return
		}
		if message == "whoami" {
			told, _ := json.Marshal(map[string]any{
				"name": s.Name, "host": s.Host, "path": request.URL.EscapedPath(),
				"query": request.URL.RawQuery, "headers": request.Header,
			})
			message = string(told)
		}
		if conn.Write(message) != nil {
			return
		}
	}
}

func (s *service) heard(received os.Signal) {
	name := map[string]string{
		"terminated": "SIGTERM", "interrupt": "SIGINT", "quit": "SIGQUIT", "hangup": "SIGHUP",
		"user defined signal 1": "SIGUSR1", "user defined signal 2": "SIGUSR2",
	}[received.String()]
	s.mutex.Lock()
	s.signals = append(s.signals, heard{name, time.Now()})
	s.mutex.Unlock()
	say(map[string]any{"event": "signal", "signal": name})
	_ = os.WriteFile("/dev/termination-log", []byte("signal "+name+"\n"), 0o644)
}

// leave says goodbye to all WebSockets and waits a little for their callers' goodbye.
func (s *service) leave() {
	s.mutex.Lock()
	for conn := range s.sockets {
		_ = conn.Leave(websocket.GoingAway)
	}
	s.mutex.Unlock()
	for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		s.mutex.Lock()
		left := len(s.sockets)
		s.mutex.Unlock()
		if left == 0 {
			return
		}
	}
}

type zeros struct{}

func (zeros) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = '0'
	}
	return len(into), nil
}

var output sync.Mutex

// say writes one line of JSON to the log.
func say(facts map[string]any) {
	facts["time"] = time.Now().UTC().Format(time.RFC3339Nano)
	line, _ := json.Marshal(facts)
	output.Lock()
	defer output.Unlock()
	_, _ = os.Stdout.Write(append(line, '\n'))
}

func respond(writer http.ResponseWriter, status int, facts any) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(status)
	encoder := json.NewEncoder(writer)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(facts)
}
