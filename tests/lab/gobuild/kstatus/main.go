// Command kstatus prints, for each YAML file that is given, what kstatus makes of the resource in it: the file's name,
// the status and the message, with tabs between them.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"
)

func main() {
	for _, path := range os.Args[1:] {
		if err := report(path); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			os.Exit(1)
		}
	}
}

func report(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	json, err := yaml.YAMLToJSON(text)
	if err != nil {
		return err
	}
	resource := &unstructured.Unstructured{}
	if err := resource.UnmarshalJSON(json); err != nil {
		return err
	}
	result, err := status.Compute(resource)
	if err != nil {
		return err
	}
	fmt.Printf("%s\t%s\t%s\n", filepath.Base(path), result.Status, result.Message)
	return nil
}
