// Package websocket is as much of RFC 6455 as probes and their callers need: unfragmented text messages, ping and close.
package websocket

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

	text  = 1
	shut  = 8
	ping  = 9
	pong  = 10
	limit = 1 << 20

	// GoingAway is the status of a server that stops.
	GoingAway = 1001
)

// ErrClosed is returned once the other side closed in due form.
var ErrClosed = errors.New("closed in due form")

// Conn is a connection after its handshake; one goroutine may read while others write.
type Conn struct {
	net    net.Conn
	reader *bufio.Reader
	client bool
	mutex  sync.Mutex
}

// Wanted says whether a request asks for a WebSocket.
func Wanted(request *http.Request) bool {
	return strings.EqualFold(request.Header.Get("Upgrade"), "websocket")
}

// Accept answers a request with the server's half of the handshake.
func Accept(writer http.ResponseWriter, request *http.Request) (*Conn, error) {
	key := request.Header.Get("Sec-WebSocket-Key")
	if key == "" {
		return nil, errors.New("no Sec-WebSocket-Key")
	}
	connection, buffer, err := http.NewResponseController(writer).Hijack()
	if err != nil {
		return nil, err
	}
	_ = connection.SetDeadline(time.Time{})
	_, err = fmt.Fprintf(connection, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n\r\n", acceptance(key))
	return &Conn{net: connection, reader: buffer.Reader}, err
}

// Dial connects to a ws: URL, by way of an address that may differ from the URL's host.
func Dial(address string, target *url.URL, timeout time.Duration) (*Conn, error) {
	connection, err := net.DialTimeout("tcp", address, timeout)
	if err != nil {
		return nil, err
	}
	conn, err := shake(connection, target, timeout)
	if err != nil {
		connection.Close()
	}
	return conn, err
}

func shake(connection net.Conn, target *url.URL, timeout time.Duration) (*Conn, error) {
	_ = connection.SetDeadline(time.Now().Add(timeout))
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce)
	key := base64.StdEncoding.EncodeToString(nonce)
	_, err := fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", target.RequestURI(), target.Host, key)
	if err != nil {
		return nil, err
	}
	reader := bufio.NewReader(connection)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("no upgrade: %s", response.Status)
	}
	if response.Header.Get("Sec-WebSocket-Accept") != acceptance(key) {
		return nil, errors.New("the answer is to another key")
	}
	_ = connection.SetDeadline(time.Time{})
	return &Conn{net: connection, reader: reader, client: true}, nil
}

func acceptance(key string) string {
	sum := sha1.Sum([]byte(key + guid))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Deadline limits how long reading and writing may take.
func (c *Conn) Deadline(at time.Time) { _ = c.net.SetDeadline(at) }

// Read returns the next message; pings are answered on the way.
func (c *Conn) Read() (string, error) {
	for {
		code, payload, err := c.frame()
		if err != nil {
			return "", err
		}
		switch code {
		case shut:
			_ = c.write(shut, payload)
			return "", ErrClosed
		case ping:
			err = c.write(pong, payload)
		case pong:
		default:
			return string(payload), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// Write sends a message.
func (c *Conn) Write(message string) error { return c.write(text, []byte(message)) }

// Leave says goodbye with a status; the connection stays open for the other side's goodbye.
func (c *Conn) Leave(status uint16) error {
	return c.write(shut, binary.BigEndian.AppendUint16(nil, status))
}

// Close ends the connection without a word.
func (c *Conn) Close() { c.net.Close() }

func (c *Conn) frame() (byte, []byte, error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(c.reader, head); err != nil {
		return 0, nil, err
	}
	size, err := c.size(head[1] & 0x7f)
	if err != nil {
		return 0, nil, err
	}
	if size > limit || head[0]&0x80 == 0 {
		return 0, nil, fmt.Errorf("a fragment, or a message of %d bytes", size)
	}
	mask := make([]byte, 4)
	if head[1]&0x80 != 0 {
		if _, err := io.ReadFull(c.reader, mask); err != nil {
			return 0, nil, err
		}
	}
	payload := make([]byte, size)
	_, err = io.ReadFull(c.reader, payload)
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return head[0] & 0x0f, payload, err
}

func (c *Conn) size(short byte) (uint64, error) {
	width := map[byte]int{126: 2, 127: 8}[short]
	if width == 0 {
		return uint64(short), nil
	}
	extended := make([]byte, 8)
	_, err := io.ReadFull(c.reader, extended[8-width:])
	return binary.BigEndian.Uint64(extended), err
}

func (c *Conn) write(code byte, payload []byte) error {
	masked := byte(0)
	if c.client {
		masked = 0x80
	}
	frame := []byte{0x80 | code}
	switch size := len(payload); {
	case size < 126:
		frame = append(frame, masked|byte(size))
	case size < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, masked|126), uint16(size))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, masked|127), uint64(size))
	}
	if c.client {
		frame = append(frame, 0, 0, 0, 0) // a mask of zeros leaves the payload as it is
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	_, err := c.net.Write(append(frame, payload...))
	return err
}
