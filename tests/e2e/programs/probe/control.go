package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	patience = 3 * time.Second
	// longPatience is for whoever asks a probe to ask.
	longPatience = 30 * time.Second
)

// control answers what only tests ask.
func (s *service) control(writer http.ResponseWriter, request *http.Request, what string) {
	query := request.URL.Query()
	switch what {
	case "about":
		s.mutex.Lock()
		defer s.mutex.Unlock()
		respond(writer, http.StatusOK, s.about())
	case "resolve":
		respond(writer, http.StatusOK, each(query["name"], resolve))
	case "reach":
		respond(writer, http.StatusOK, each(query["to"], reach))
	case "fetch":
		respond(writer, http.StatusOK, each(query["url"], func(url string) any { return fetch(url, patience) }))
	case "set":
		s.set(query.Get)
		respond(writer, http.StatusOK, map[string]any{"ready": !s.unready.Load(), "healthy": !s.unwell.Load()})
	case "crash":
		code, _ := strconv.Atoi(first(query.Get("code"), "3"))
		say(map[string]any{"event": "crash"})
		os.Exit(code)
	case "file":
		file(writer, request, query.Get("path"))
	default:
		http.NotFound(writer, request)
	}
}

func (s *service) about() map[string]any {
	environment := map[string]string{}
	for _, pair := range os.Environ() {
		key, value, _ := strings.Cut(pair, "=")
		environment[key] = value
	}
	resolver, _ := os.ReadFile("/etc/resolv.conf")
	return map[string]any{
		"name": s.Name, "host": s.Host, "environment": environment, "resolv.conf": string(resolver),
		"uid": os.Getuid(), "gid": os.Getgid(), "groups": groups(), "libc": first(os.Getenv("PROBE_LIBC"), "unknown"),
		"signals": s.signals, "arguments": os.Args, "directory": directory(),
	}
}

func groups() []int {
	found, _ := os.Getgroups()
	return found
}

func directory() string {
	found, _ := os.Getwd()
	return found
}

func (s *service) set(value func(string) string) {
	if wanted := value("ready"); wanted != "" {
		s.unready.Store(wanted == "false")
	}
	if wanted := value("healthy"); wanted != "" {
		s.unwell.Store(wanted == "false")
	}
	if wanted := value("slow"); wanted != "" {
		s.slow.Store(int64(duration(wanted, 0)))
	}
}

// each asks one question about several subjects at once.
func each(subjects []string, question func(string) any) map[string]any {
	answers := make(chan any, len(subjects))
	type pair struct {
		subject string
		answer  any
	}
	for _, subject := range subjects {
		go func() { answers <- pair{subject, question(subject)} }()
	}
	all := map[string]any{}
	for range subjects {
		got := (<-answers).(pair)
		all[got.subject] = got.answer
	}
	return all
}

// resolve asks the image's C library, by way of a program that is linked with it: Go has a resolver of its own.
func resolve(name string) any {
	limited, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	begun := time.Now()
	told, err := exec.CommandContext(limited, "lookup", name).Output()
	answer := map[string]any{"addresses": strings.Fields(string(told)), "seconds": time.Since(begun).Seconds()}
	if err != nil {
		answer["error"] = err.Error()
	}
	return answer
}

func reach(target string) any {
	begun := time.Now()
	connection, err := net.DialTimeout("tcp", target, patience)
	if err != nil {
		return map[string]any{"reached": false, "error": err.Error(), "seconds": time.Since(begun).Seconds()}
	}
	defer connection.Close()
	return map[string]any{"reached": true, "address": connection.RemoteAddr().String(), "seconds": time.Since(begun).Seconds()}
}

func fetch(url string, patience time.Duration) any {
	client := http.Client{Timeout: patience}
	got, err := client.Get(url)
	if err != nil {
		return map[string]any{"status": 0, "error": err.Error()}
	}
	defer got.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(got.Body, 1<<20))
	var parsed any
	if json.Unmarshal(text, &parsed) != nil {
		parsed = string(text)
	}
	return map[string]any{"status": got.StatusCode, "body": parsed}
}

// file reads and writes below PROBE_DATA, to see what survives.
func file(writer http.ResponseWriter, request *http.Request, name string) {
	path := filepath.Join(first(os.Getenv("PROBE_DATA"), "/tmp"), filepath.Clean("/"+name))
	if request.Method == http.MethodGet {
		http.ServeFile(writer, request, path)
		return
	}
	content, err := io.ReadAll(io.LimitReader(request.Body, 1<<20))
	if err == nil {
		err = os.WriteFile(path, content, 0o644)
	}
	if err != nil {
		http.Error(writer, err.Error(), http.StatusInternalServerError)
	}
}

func localPort(request *http.Request) string {
	address, _ := request.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if address == nil {
		return ""
	}
	_, port, _ := net.SplitHostPort(address.String())
	return port
}
