// Command sbom-scanner is what BuildKit starts to find what an image is made of, by the protocol of its documentation
// (docs/attestations/sbom-protocol.md): syft reads the file system, and what it found is written as a statement of
// in-toto with a document of SPDX.
//
// It stands in for Docker's own (docker/buildkit-syft-scanner), which does the same by the same library, and of which
// only an image at Docker Hub is to be had. Stages before the last, which a Dockerfile has to ask for, are not read.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	"github.com/anchore/syft/syft"
	"github.com/anchore/syft/syft/format"
	"github.com/anchore/syft/syft/format/spdxjson"
	"github.com/anchore/syft/syft/source/directorysource"
	_ "modernc.org/sqlite" // by which syft reads the packages of distributions that use RPM
)

type statement struct {
	Type          string          `json:"_type"`
	PredicateType string          `json:"predicateType"`
	Subject       []string        `json:"subject"`
	Predicate     json.RawMessage `json:"predicate"`
}

func main() {
	source, folder := os.Getenv("BUILDKIT_SCAN_SOURCE"), os.Getenv("BUILDKIT_SCAN_DESTINATION")
	if err := scan(source, filepath.Join(folder, filepath.Base(source)+".spdx.json")); err != nil {
		log.Fatalf("%s: %v", source, err)
	}
}

func scan(path, target string) error {
	source, err := directorysource.New(directorysource.Config{Path: path, Base: path})
	if err != nil {
		return err
	}
	defer source.Close()
	found, err := syft.CreateSBOM(context.Background(), source, nil)
	if err != nil {
		return err
	}
	encoder, err := spdxjson.NewFormatEncoderWithConfig(spdxjson.DefaultEncoderConfig())
	if err != nil {
		return err
	}
	document, err := format.Encode(*found, encoder)
	if err != nil {
		return err
	}
	// BuildKit names the image as the statement's subject.
	made := statement{"https://in-toto.io/Statement/v0.1", "https://spdx.dev/Document", []string{}, document}
	text, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return os.WriteFile(target, text, 0o644)
}
