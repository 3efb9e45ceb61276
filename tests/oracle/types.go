package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// types prints how Go writes the fields of each type of the API: what is always there, and what is
// left out when it is empty. It is what the sandbox's table of shapes is made from.
func types() error {
	return all(gather)
}

// numbers prints the number of each field in protobuf, by the type's name. A field that is written
// as part of the type around it is named by its own type, after a slash.
func numbers() error {
	return all(number)
}

type fieldsOf = func(reflect.Type, map[string]string, map[string]map[string]string)

func all(gather fieldsOf) error {
	found := map[string]map[string]string{}
	for _, version := range []string{"v1", "v2"} {
		for kind, known := range legacyscheme.Scheme.AllKnownTypes() {
			if kind.Version == version {
				walk(known, found, gather)
			}
		}
	}
	walk(reflect.TypeFor[apiextensions.CustomResourceDefinition](), found, gather)
	walk(reflect.TypeFor[apiregistration.APIService](), found, gather)
	return json.NewEncoder(os.Stdout).Encode(found)
}

// name gives a type's name as the OpenAPI documents write it.
func name(t reflect.Type) string {
	path := strings.Split(t.PkgPath(), "/")
	domain := strings.Split(path[0], ".")
	for i, j := 0, len(domain)-1; i < j; i, j = i+1, j-1 {
		domain[i], domain[j] = domain[j], domain[i]
	}
	return strings.Join(append(append(domain, path[1:]...), t.Name()), ".")
}

func walk(t reflect.Type, found map[string]map[string]string, gather fieldsOf) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || found[name(t)] != nil || whole(t) {
		return
	}
	fields := map[string]string{}
	found[name(t)] = fields
	gather(t, fields, found)
}

// whole says whether a struct is written as one value.
func whole(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Marshaler]())
}

func gather(t reflect.Type, fields map[string]string, found map[string]map[string]string) {
	for i := range t.NumField() {
		field := t.Field(i)
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if tag == "-" {
			continue
		}
		if tag == "" && strings.Contains(options, "inline") {
			gather(field.Type, fields, found)
			continue
		}
		how := letter(field.Type)
		if !strings.Contains(options, "omitempty") {
			how = strings.ToUpper(how)
		}
		fields[tag] = how + " " + field.Type.String()
		walk(field.Type, found, gather)
	}
}

func number(t reflect.Type, fields map[string]string, found map[string]map[string]string) {
	for i := range t.NumField() {
		field := t.Field(i)
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		parts := strings.Split(field.Tag.Get("protobuf"), ",")
		if tag == "-" || len(parts) < 2 {
			continue
		}
		if tag == "" {
			tag = "/" + name(field.Type)
		}
		fields[parts[1]] = tag
		walk(field.Type, found, number)
	}
}

// letter names what an empty value is written as.
func letter(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[metav1.Time]() || t == reflect.TypeFor[metav1.MicroTime]():
		return "t"
	case t == reflect.TypeFor[resource.Quantity]():
		return "q"
	case t == reflect.TypeFor[intstr.IntOrString]():
		return "i"
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface:
		return "p"
	case reflect.Slice, reflect.Map:
		return "l"
	case reflect.String:
		return "s"
	case reflect.Bool:
		return "b"
	case reflect.Struct:
		if whole(t) {
			return "w"
		}
		return "o"
	default:
		return "n"
	}
}
