// Package ailtire judges stacks by the scripts of an argocd-cm, as an installed Argo CD does; upstream's own tests have
// the scripts from the folder alone. The files are given by the environment.
package ailtire

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"

	"github.com/argoproj/gitops-engine/pkg/health"

	appv1 "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
)

const labels = "app.kubernetes.io/part-of"

func overrides(t *testing.T) map[string]appv1.ResourceOverride {
	t.Helper()
	config := &corev1.ConfigMap{}
	read(t, os.Getenv("ARGOCD_CM"), config)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: "argocd-secret", Namespace: config.Namespace, Labels: map[string]string{labels: "argocd"},
	}}
	manager := settings.NewSettingsManager(context.Background(), fake.NewClientset(config, secret), config.Namespace)
	found, err := manager.GetResourceOverrides()
	require.NoError(t, err)
	return found
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, into))
}

func resource(t *testing.T, path string) *unstructured.Unstructured {
	t.Helper()
	object := map[string]any{}
	read(t, path, &object)
	return &unstructured.Unstructured{Object: object}
}

func TestHealth(t *testing.T) {
	folder := os.Getenv("STACK_FOLDER")
	tests := struct {
		Tests []struct {
			InputPath    string              `json:"inputPath"`
			HealthStatus health.HealthStatus `json:"healthStatus"`
		} `json:"tests"`
	}{}
	read(t, filepath.Join(folder, "health_test.yaml"), &tests)
	require.NotEmpty(t, tests.Tests)
	judge := lua.ResourceHealthOverrides(overrides(t))
	for _, test := range tests.Tests {
		t.Run(test.InputPath, func(t *testing.T) {
			found, err := judge.GetResourceHealth(resource(t, filepath.Join(folder, test.InputPath)))
			require.NoError(t, err)
			assert.Equal(t, &test.HealthStatus, found)
		})
	}
}

func TestActions(t *testing.T) {
	folder := filepath.Join(os.Getenv("STACK_FOLDER"), "actions", "testdata")
	vm := lua.VM{ResourceOverrides: overrides(t)}
	for _, step := range [][3]string{
		{"stop", "running", "stopped"}, {"start", "stopped", "running"},
		{"suspend", "running", "suspended"}, {"resume", "suspended", "running"},
	} {
		t.Run(step[0], func(t *testing.T) {
			before := resource(t, filepath.Join(folder, step[1]+".yaml"))
			scripts, err := vm.GetResourceActionDiscovery(before)
			require.NoError(t, err)
			offered, err := vm.ExecuteResourceActionDiscovery(before, scripts)
			require.NoError(t, err)
			enabled := map[string]bool{}
			for _, each := range offered {
				enabled[each.Name] = !each.Disabled
			}
			assert.True(t, enabled[step[0]])
			action, err := vm.GetResourceAction(before, step[0])
			require.NoError(t, err)
			written, err := vm.ExecuteResourceAction(before, action.ActionLua, nil)
			require.NoError(t, err)
			require.Len(t, written, 1)
			after := resource(t, filepath.Join(folder, step[2]+".yaml"))
			assert.Equal(t, after.Object["spec"], written[0].UnstructuredObj.Object["spec"])
		})
	}
}

// TestDifferences compares what a repository has with what was on a cluster after its stack had become Ready.
func TestDifferences(t *testing.T) {
	config, err := diff.NewDiffConfigBuilder().
		WithDiffSettings(nil, overrides(t), true, normalizers.IgnoreNormalizerOpts{}).
		WithTracking("app.kubernetes.io/instance", "annotation").
		WithNoCache().
		Build()
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(os.Getenv("PAIRS"), "*.target.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		name := filepath.Base(path[:len(path)-len(".target.yaml")])
		t.Run(name, func(t *testing.T) {
			live := resource(t, filepath.Join(os.Getenv("PAIRS"), name+".live.yaml"))
			found, err := diff.StateDiff(live, resource(t, path), config)
			require.NoError(t, err)
			assert.False(t, found.Modified, "%s\n%s", found.NormalizedLive, found.PredictedLive)
			changed := resource(t, path)
			require.NoError(t, unstructured.SetNestedField(changed.Object, "another", "spec", "environment"))
			found, err = diff.StateDiff(live, changed, config)
			require.NoError(t, err)
			assert.True(t, found.Modified, "a change is not seen")
		})
	}
}

// TestApplicationSet reads the example as the controller does, but with no field that it does not know.
func TestApplicationSet(t *testing.T) {
	text, err := os.ReadFile(os.Getenv("APPLICATION_SET"))
	require.NoError(t, err)
	set := &appv1.ApplicationSet{}
	require.NoError(t, yaml.UnmarshalStrict(text, set))
	require.Len(t, set.Spec.Generators, 1)
	assert.Len(t, set.Spec.Generators[0].List.Elements, 3)
}
