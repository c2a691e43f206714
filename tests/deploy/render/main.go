// Renders a Helm chart as `helm template` does, where there is no Helm: Go's text/template with the
// functions of Sprig, and those that Helm adds. Of Helm it has what one chart without
// dependencies needs: values merged in order, _helpers.tpl, include, tpl, required, toYaml.
//
//	render [--values] CHART RELEASE [VALUES-FILE…]
//
// With --values it prints the merged values as JSON, and else the manifests, and NOTES.txt last.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

type values = map[string]interface{}

func read(path string) (values, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	found := values{}
	if err := yaml.Unmarshal(text, &found); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return found, nil
}

// Maps are merged, everything else is replaced, null takes a default away.
func merge(into, from values) {
	for key, value := range from {
		if value == nil {
			delete(into, key)
			continue
		}
		below, isMap := value.(values)
		beneath, wasMap := into[key].(values)
		if isMap && wasMap {
			merge(beneath, below)
		} else {
			into[key] = value
		}
	}
}

func toYaml(value interface{}) (string, error) {
	text, err := yaml.Marshal(value)
	return strings.TrimSuffix(string(text), "\n"), err
}

func functions(all *template.Template) template.FuncMap {
	named := sprig.TxtFuncMap()
	delete(named, "env")
	delete(named, "expandenv")
	named["toYaml"] = toYaml
	named["toJson"] = func(value interface{}) (string, error) {
		text, err := json.Marshal(value)
		return string(text), err
	}
	named["fromYaml"] = func(text string) (values, error) {
		found := values{}
		return found, yaml.Unmarshal([]byte(text), &found)
	}
	named["include"] = func(name string, data interface{}) (string, error) {
		var text strings.Builder
		err := all.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	named["tpl"] = func(text string, data interface{}) (string, error) {
		parsed, err := template.Must(all.Clone()).New("tpl").Parse(text)
		if err != nil {
			return "", err
		}
		var made strings.Builder
		err = parsed.Execute(&made, data)
		return made.String(), err
	}
	named["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, errors.New(message)
		}
		return value, nil
	}
	named["lookup"] = func(...interface{}) values { return values{} }
	return named
}

// Helm shows a chart's fields in capitals.
func chartOf(raw values) values {
	shown := values{}
	for key, value := range raw {
		shown[strings.ToUpper(key[:1])+key[1:]] = value
	}
	return shown
}

func render(chart, release string, all values) error {
	raw, err := read(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		return err
	}
	paths, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	if err != nil {
		return err
	}
	sort.Strings(paths)
	root := template.New("chart").Option("missingkey=zero")
	root.Funcs(functions(root))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, err := root.New(filepath.Base(path)).Parse(string(text)); err != nil {
			return err
		}
	}
	data := values{
		"Values":  all,
		"Chart":   chartOf(raw),
		"Release": values{"Name": release, "Namespace": "default", "Service": "Helm", "Revision": 1, "IsInstall": true, "IsUpgrade": false},
		"Capabilities": values{
			"KubeVersion": values{"Version": "v1.32.0", "Major": "1", "Minor": "32"},
		},
	}
	var notes string
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "_") {
			continue
		}
		data["Template"] = values{"Name": "templates/" + name, "BasePath": "templates"}
		var made strings.Builder
		if err := root.ExecuteTemplate(&made, name, data); err != nil {
			return err
		}
		text := strings.ReplaceAll(made.String(), "<no value>", "")
		if name == "NOTES.txt" {
			notes = text
		} else if strings.TrimSpace(text) != "" {
			fmt.Printf("---\n# Source: %s\n%s\n", name, strings.Trim(text, "\n"))
		}
	}
	if notes != "" {
		fmt.Print("--- # NOTES\n", notes)
	}
	return nil
}

func run(arguments []string) error {
	valuesOnly := len(arguments) > 0 && arguments[0] == "--values"
	if valuesOnly {
		arguments = arguments[1:]
	}
	if len(arguments) < 2 {
		return errors.New("usage: render [--values] CHART RELEASE [VALUES-FILE…]")
	}
	all, err := read(filepath.Join(arguments[0], "values.yaml"))
	if err != nil {
		return err
	}
	for _, path := range arguments[2:] {
		more, err := read(path)
		if err != nil {
			return err
		}
		merge(all, more)
	}
	if valuesOnly {
		return json.NewEncoder(os.Stdout).Encode(all)
	}
	return render(arguments[0], arguments[1], all)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}
