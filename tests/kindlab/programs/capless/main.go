// Command capless stands before runc. A machine may withhold a capability from everything that runs on it; runc then
// refuses each container that asks for it, as privileged ones do. So capless takes what the machine cannot give out of
// the container's configuration, and becomes runc.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const (
	name   = "CAP_SYS_RESOURCE"
	number = 24
)

func main() {
	runc := os.Getenv("CAPLESS_RUNC")
	if runc == "" {
		runc = "/usr/sbin/runc"
	}
	if !given() {
		if file := configuration(os.Args[1:]); file != "" {
			if err := rewrite(file); err != nil {
				fmt.Fprintln(os.Stderr, "capless:", err)
				os.Exit(1)
			}
		}
	}
	err := syscall.Exec(runc, append([]string{runc}, os.Args[1:]...), os.Environ())
	fmt.Fprintln(os.Stderr, "capless:", runc, err)
	os.Exit(1)
}

// given says whether the bounding set of this process has the capability.
func given() bool {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "CapBnd:")
	line, _, _ := strings.Cut(after, "\n")
	set, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	return err != nil || set&(1<<number) != 0
}

// configuration returns the file that says which capabilities a new process gets, if this command starts one.
func configuration(args []string) string {
	process, bundle := option(args, "--process", "-p"), option(args, "--bundle", "-b")
	switch {
	case slices.Contains(args, "exec"):
		return process
	case slices.Contains(args, "create"), slices.Contains(args, "run"), slices.Contains(args, "restore"):
		return filepath.Join(bundle, "config.json")
	}
	return ""
}

func option(args []string, names ...string) string {
	for i, arg := range args {
		key, value, joined := strings.Cut(arg, "=")
		if !slices.Contains(names, key) {
			continue
		}
		if joined {
			return value
		}
		if i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

func rewrite(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	process := document
	if inner, ok := document["process"].(map[string]any); ok {
		process = inner
	}
	sets, ok := process["capabilities"].(map[string]any)
	if !ok {
		return nil
	}
	for key, set := range sets {
		if list, ok := set.([]any); ok {
			sets[key] = slices.DeleteFunc(list, func(each any) bool { return each == any(name) })
		}
	}
	if text, err = json.Marshal(document); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
