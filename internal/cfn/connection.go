package cfn

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reglue/reglue/internal/glue"
)

// connectionRequest turns evaluated properties into the request that creates a
// connection.
func (e *evaluator) connectionRequest(r *resource, properties *node) (any, error) {
	properties.inner("ConnectionInput", r.line).set("Name", textNode(r.line, r.name))
	for _, f := range fieldsOf(r.properties.get("ConnectionInput").get("ConnectionProperties")) {
		if f.value.kind != scalar || strings.Contains(f.value.text, "{{resolve:") {
			continue
		}
		if _, secret := glue.ShownProperty(f.key, f.value.text); secret {
			e.warnf(f.line, r.path(), "%s has a password in the template: give it as a parameter with NoEcho, or name a secret by SECRET_ID", f.key)
		}
	}
	out := &glue.CreateConnectionRequest{}
	return out, e.decode(r, "CreateConnection", properties, out)
}

// templateS3Encryptions is what templates call S3Encryption, which may be a list or
// a single one there.
const templateS3Encryptions = "S3Encryptions"

func encryptionsAsList(encryption *node) {
	s3 := encryption.get(templateS3Encryptions)
	if s3 == nil {
		return
	}
	encryption.remove(templateS3Encryptions)
	if s3.kind == mapping {
		s3 = &node{kind: list, line: s3.line, items: []*node{s3}}
	}
	encryption.set("S3Encryption", s3)
}

// connection compares a connection. What a server does not tell, credentials
// within AuthenticationConfiguration and passwords that it gives encrypted alone,
// can't be compared: a note says so.
func (d *differ) connection(want *glue.CreateConnectionRequest) error {
	in := want.ConnectionInput
	change := Change{Result: Result{Kind: KindConnection, Name: in.Name, Action: Created}}
	var got glue.GetConnectionResponse
	exists, err := d.get("GetConnection", &glue.GetConnectionRequest{CatalogId: want.CatalogId, Name: in.Name}, &got)
	if err != nil {
		return err
	}
	if !exists || got.Connection == nil {
		return d.add(change, call{op: "CreateConnection", in: want})
	}
	now, then := *got.Connection, glue.Connection{}
	if err := recast(in, &then); err != nil {
		return err
	}
	then.CompatibleComputeEnvironments = in.ValidateForComputeEnvironments
	then.AuthenticationConfiguration = glue.PublicAuthentication(in.AuthenticationConfiguration)
	told := withoutEncrypted(&now, &then)
	if auth := in.AuthenticationConfiguration; auth != nil {
		told = told && auth.BasicAuthenticationCredentials == nil && auth.CustomAuthenticationCredentials == nil &&
			(auth.OAuth2Properties == nil || auth.OAuth2Properties.OAuth2Credentials == nil)
	}
	if change.Fields, err = differing(now, then, impliedConnection); err != nil {
		return err
	}
	if len(change.Fields) > 0 {
		change.calls = append(change.calls, call{op: "UpdateConnection", in: &glue.UpdateConnectionRequest{
			CatalogId: want.CatalogId, Name: in.Name, ConnectionInput: in,
		}})
	}
	if !told {
		change.Note = "the server does not tell its password, so whether that differs is not known"
	}
	if err := d.tags(&change, want.Tags); err != nil {
		return err
	}
	return d.add(change.settled())
}

// impliedConnection are the members of a connection that a server sets.
var impliedConnection = map[string][]string{
	"CreationTime": nil, "LastUpdatedTime": nil, "LastUpdatedBy": nil, "LastConnectionValidationTime": nil,
	"Status": nil, "StatusReason": nil, "ConnectionSchemaVersion": nil, "CompatibleComputeEnvironments": nil,
	"AuthenticationConfiguration.SecretArn": nil, "AuthenticationConfiguration.KmsKeyArn": nil,
}

// withoutEncrypted takes passwords that the server gives encrypted out of both
// sides, and reports whether there were none.
func withoutEncrypted(now, then *glue.Connection) (none bool) {
	none = true
	then.ConnectionProperties = maps.Clone(then.ConnectionProperties)
	for key, value := range now.ConnectionProperties {
		plain, encrypted := strings.CutPrefix(string(key), "ENCRYPTED_")
		if !encrypted || then.ConnectionProperties[key] == value {
			continue
		}
		if _, ok := then.ConnectionProperties[glue.ConnectionPropertyKey(plain)]; ok {
			delete(then.ConnectionProperties, glue.ConnectionPropertyKey(plain))
			delete(now.ConnectionProperties, key)
			none = false
		}
	}
	return none
}

// securityConfiguration compares a security configuration, which Glue can't
// change: one that differs is replaced.
func (d *differ) securityConfiguration(want *glue.CreateSecurityConfigurationRequest) error {
	change := Change{Result: Result{Kind: KindSecurityConfiguration, Name: want.Name, Action: Created}}
	var got glue.GetSecurityConfigurationResponse
	exists, err := d.get("GetSecurityConfiguration", &glue.GetSecurityConfigurationRequest{Name: want.Name}, &got)
	if err != nil {
		return err
	}
	create := call{op: "CreateSecurityConfiguration", in: want}
	if !exists || got.SecurityConfiguration == nil {
		return d.add(change, create)
	}
	old := got.SecurityConfiguration.EncryptionConfiguration
	if change.Fields, err = differing(old, want.EncryptionConfiguration, nil); err != nil {
		return err
	}
	change.Action = Unchanged
	if len(change.Fields) > 0 {
		change.Action = Replaced
		change.calls = []call{{op: "DeleteSecurityConfiguration", in: &glue.DeleteSecurityConfigurationRequest{Name: want.Name}}, create}
		change.undo = &call{op: "CreateSecurityConfiguration", in: &glue.CreateSecurityConfigurationRequest{Name: want.Name, EncryptionConfiguration: old}}
	}
	return d.add(change)
}

// parameterMark precedes the name of a parameter in a text that stands for it.
const parameterMark = "\x00parameter "

// withoutSecrets replaces what is secret of a connection by parameters.
func (x *exporter) withoutSecrets(r glue.CreateConnectionRequest, id string) glue.CreateConnectionRequest {
	in := &glue.ConnectionInput{}
	if err := recast(r.ConnectionInput, in); err != nil {
		x.err = err
		return r
	}
	hideProperties(x, id, in.ConnectionProperties)
	hideProperties(x, id, in.SparkProperties)
	hideProperties(x, id, in.AthenaProperties)
	hideProperties(x, id, in.PythonProperties)
	if auth := in.AuthenticationConfiguration; auth != nil {
		if b := auth.BasicAuthenticationCredentials; b != nil {
			x.hide(id, "Password", &b.Password)
		}
		for _, key := range slices.Sorted(maps.Keys(auth.CustomAuthenticationCredentials)) {
			value := auth.CustomAuthenticationCredentials[key]
			x.hide(id, key, &value)
			auth.CustomAuthenticationCredentials[key] = value
		}
		if o := auth.OAuth2Properties; o != nil && o.AuthorizationCodeProperties != nil {
			x.hide(id, "AuthorizationCode", &o.AuthorizationCodeProperties.AuthorizationCode)
		}
		if o := auth.OAuth2Properties; o != nil && o.OAuth2Credentials != nil {
			c := o.OAuth2Credentials
			x.hide(id, "ClientSecret", &c.UserManagedClientApplicationClientSecret)
			x.hide(id, "AccessToken", &c.AccessToken)
			x.hide(id, "RefreshToken", &c.RefreshToken)
			x.hide(id, "JwtToken", &c.JwtToken)
		}
	}
	r.ConnectionInput = in
	return r
}

func hideProperties[K ~string](x *exporter, id string, properties map[K]string) {
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		value := properties[key]
		if _, secret := glue.ShownProperty(string(key), value); secret {
			x.hide(id, strings.ToLower(string(key)), &value)
			properties[key] = value
		}
	}
}

// hide makes a parameter of a text, if there is one.
func (x *exporter) hide(id, what string, text *string) {
	if *text == "" {
		return
	}
	base := id + camel(what)
	name := base
	for n := 2; x.taken[name]; n++ {
		name = base + strconv.Itoa(n)
	}
	x.taken[name] = true
	x.secrets = append(x.secrets, name)
	*text = parameterMark + name
}

// parameters declares those that stand for secrets.
func (x *exporter) parameters() *yaml.Node {
	all := &yaml.Node{Kind: yaml.MappingNode, HeadComment: "Passwords are not exported: give them as parameters."}
	for _, name := range x.secrets {
		p := &yaml.Node{Kind: yaml.MappingNode}
		put(p, "Type", plainOrQuoted("String"))
		put(p, "NoEcho", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
		put(all, name, p)
	}
	return all
}
