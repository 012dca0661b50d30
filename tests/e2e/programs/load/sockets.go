package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"syscall"
	"time"

	"ailtire.io/e2e/websocket"
)

const pause = 100 * time.Millisecond

type socketTally struct {
	opened, refused, goodbyes, cut, resent atomic.Int64
}

func (t *socketTally) report() map[string]any {
	return map[string]any{
		"opened": t.opened.Load(), "refused": t.refused.Load(), "goodbyes": t.goodbyes.Load(),
		"cut": t.cut.Load(), "resent": t.resent.Load(),
	}
}

// keepSocket holds one WebSocket open, as an application's client does: when the server leaves, it connects again. When
// the connection is cut (a proxy on the way ended, and cannot say goodbye) it connects again too, and sends once more
// what had no answer; what then has none is lost.
func keepSocket(ending context.Context, given options, messages *tally, sockets *socketTally) {
	target := *given.url
	path, query, _ := cut(given.socketPath)
	target.Path, target.RawQuery = path, query
	again := ""
	for ending.Err() == nil {
		conn, err := websocket.Dial(given.address, &target, given.timeout)
		if err != nil {
			sockets.refused.Add(1)
			messages.fail(err)
			time.Sleep(pause)
			continue
		}
		sockets.opened.Add(1)
		again = talk(ending, given, conn, again, messages, sockets)
		conn.Close()
	}
}

func cut(path string) (string, string, bool) {
	for i, letter := range path {
		if letter == '?' {
			return path[:i], path[i+1:], true
		}
	}
	return path, "", false
}

// talk sends messages until the connection ends; it returns the message that was left without an answer.
func talk(
	ending context.Context, given options, conn *websocket.Conn, again string, messages *tally, sockets *socketTally,
) string {
	pace := time.NewTicker(time.Duration(float64(time.Second) / given.socketRate))
	defer pace.Stop()
	for number := 0; ; number++ {
		message, repeated := again, again != ""
		if !repeated {
			select {
			case <-ending.Done():
				_ = conn.Leave(1000)
				return ""
			case <-pace.C:
			}
			message = fmt.Sprintf("message %d", number)
		}
		again = ""
		err := messages.attempt(
			func() (string, error) { return exchange(conn, message, given.timeout) },
			func(err error) bool { return errors.Is(err, websocket.ErrClosed) || isCut(err) && !repeated },
		)
		switch {
		case errors.Is(err, websocket.ErrClosed):
			sockets.goodbyes.Add(1)
		case err != nil:
			sockets.cut.Add(1)
			if repeated || !isCut(err) {
				return ""
			}
		default:
			continue
		}
		sockets.resent.Add(1)
		return message
	}
}

func isCut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func exchange(conn *websocket.Conn, message string, timeout time.Duration) (string, error) {
	conn.Deadline(time.Now().Add(timeout))
	if err := conn.Write(message); err != nil {
		return "", err
	}
	answer, err := conn.Read()
	if err == nil && answer != message {
		err = fmt.Errorf("another answer: %.80s", answer)
	}
	return "", err
}
