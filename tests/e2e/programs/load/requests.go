package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const body = "a body that must arrive"

// mostUnderWay is how many requests wait for an answer at once. A server's queue of connections that nobody has accepted
// yet holds more (511 in nginx), so what is refused or times out was not refused for the load's own sake.
const mostUnderWay = 128

// sendRequests keeps the pace for as long as few requests wait for an answer, and on a machine that is slower than the
// pace, the machine's; every other request is a POST, which nobody sends twice.
func sendRequests(ending context.Context, given options, tally *tally) {
	if given.rate == 0 {
		return
	}
	client := newClient(given)
	defer client.CloseIdleConnections()
	pace := time.NewTicker(time.Duration(float64(time.Second) / given.rate))
	defer pace.Stop()
	var underWay sync.WaitGroup
	defer underWay.Wait()
	places := make(chan struct{}, mostUnderWay)
	for number := 0; ; number++ {
		select {
		case <-ending.Done():
			return
		case <-pace.C:
		}
		select {
		case <-ending.Done():
			return
		case places <- struct{}{}:
			underWay.Go(func() {
				defer func() { <-places }()
				tally.count(func() (string, error) { return send(client, given, number) })
			})
		}
	}
}

func newClient(given options) *http.Client {
	dialer := &net.Dialer{Timeout: given.timeout}
	return &http.Client{
		Timeout:       given.timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 64,
			TLSClientConfig:     &tls.Config{InsecureSkipVerify: true, ServerName: given.url.Hostname()},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, given.address)
			},
		},
	}
}

// send returns who answered.
func send(client *http.Client, given options, number int) (string, error) {
	method, sent := http.MethodGet, ""
	if number%2 == 1 {
		method, sent = http.MethodPost, body
	}
	request, err := http.NewRequest(method, given.url.String(), strings.NewReader(sent))
	if err != nil {
		return "", err
	}
	request.Header.Set("X-Request-Id", fmt.Sprint(number))
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", refusal(answer, content)
	}
	return answer.Header.Get("X-Probe-Host"), nil
}

// refusal names the status and who said it: a gateway names its server, an ingress controller is known by its words.
func refusal(answer *http.Response, content []byte) error {
	words, _, _ := strings.Cut(string(content), "\n")
	if server := answer.Header.Get("Server"); server != "" {
		words = server
	}
	return fmt.Errorf("status %d (%.40s)", answer.StatusCode, words)
}
