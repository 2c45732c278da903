package api

import (
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/secret"
	"github.com/reglue/reglue/internal/store"
)

// What a connection holds in secret lies apart from it and encrypted, each value
// under the place where it belongs. The connection itself holds what anybody may
// see of it: nothing of a password, and texts with passwords in them, such as
// URLs, with the passwords blotted out.

// The places of secrets.
const (
	atConnection     = "ConnectionProperties."
	atSpark          = "SparkProperties."
	atAthena         = "AthenaProperties."
	atPython         = "PythonProperties."
	atAuthentication = "AuthenticationConfiguration"

	encryptedPrefix = "ENCRYPTED_"
)

// seal takes the secrets out of a connection and encrypts them.
func (a *API) seal(ctx context.Context, rec *store.ConnectionRecord, auth *glue.AuthenticationConfigurationInput) error {
	c, found := &rec.Connection, map[string]string{}
	c.ConnectionProperties = withoutSecrets(atConnection, c.ConnectionProperties, found)
	c.SparkProperties = withoutSecrets(atSpark, c.SparkProperties, found)
	c.AthenaProperties = withoutSecrets(atAthena, c.AthenaProperties, found)
	c.PythonProperties = withoutSecrets(atPython, c.PythonProperties, found)
	if hidden := hiddenAuthentication(auth); hidden != nil {
		text, err := json.Marshal(hidden)
		if err != nil {
			return err
		}
		found[atAuthentication] = string(text)
	}
	if len(found) == 0 {
		return nil
	}
	if err := a.haveKey(ctx); err != nil {
		return err
	}
	rec.Sealed = make(map[string]string, len(found))
	for at, text := range found {
		if plain, own := encryptedHere(a.opt.SecretKey, c.Name, at, text); own {
			rec.Sealed[plain] = text
			continue
		}
		sealed, err := a.opt.SecretKey.Seal(about(c.Name, at), text)
		if err != nil {
			return encryption(err)
		}
		rec.Sealed[at] = sealed
	}
	return nil
}

// encryptedHere tells an encrypted password that this server gave out, so that it
// can be sent back as it came, from one of elsewhere.
func encryptedHere(key *secret.Key, name, at, text string) (plain string, own bool) {
	member, of, _ := strings.Cut(at, ".")
	of, encrypted := strings.CutPrefix(of, encryptedPrefix)
	if !encrypted {
		return "", false
	}
	plain = member + "." + of
	_, err := key.Open(about(name, plain), text)
	return plain, err == nil
}

// about binds what is sealed to its connection and place.
func about(name, at string) string { return "connection\x00" + name + "\x00" + at }

// haveKey makes the key when there never was one. Where something is sealed
// already, the key that it was sealed with is asked for: another one would only
// hide that it is missing.
func (a *API) haveKey(ctx context.Context) error {
	if a.opt.SecretKey == nil {
		return encryption(errNoKey)
	}
	there, err := a.opt.SecretKey.Exists()
	if err != nil {
		return encryption(err)
	}
	if there {
		return nil
	}
	sealed := false
	err = a.db.View(ctx, func(tx *store.Tx) (err error) {
		sealed, err = tx.AnySealed()
		return err
	})
	if err != nil {
		return err
	}
	if sealed {
		_, err := a.opt.SecretKey.Seal("", "") // says what is missing
		return encryption(err)
	}
	return encryption(a.opt.SecretKey.Make())
}

// errNoKey is of a process without a data folder of its own.
var errNoKey = glue.Errorf(glue.Encryption, "this process has no key")

// encryption is the answer when secrets can't be encrypted or decrypted.
func encryption(err error) error {
	if err == nil {
		return nil
	}
	return &glue.Error{Kind: glue.Encryption, Message: "The connection's password can't be used: " + err.Error() +
		". Without the password, connections can be read with HidePassword, and deleted.", Err: err}
}

// withoutSecrets is what may be seen of properties; the secrets go to found.
func withoutSecrets[K ~string](member string, values map[K]string, found map[string]string) map[K]string {
	out := maps.Clone(values)
	for key, value := range values {
		shown, secret := glue.ShownProperty(string(key), value)
		if !secret {
			continue
		}
		found[member+string(key)] = value
		if out[key] = shown; shown == "" {
			delete(out, key)
		}
	}
	return out
}

// disclosure says how much of the secrets an answer tells.
type disclosure struct {
	hide bool
	// encrypted gives passwords as they are kept, under ENCRYPTED_ names.
	encrypted bool
	// job resolves the secrets of Secrets Manager too, for the jobs of this server.
	job bool
}

// disclosure is what a caller is told: jobs get what they need to connect.
func (a *API) disclosure(ctx context.Context, tx *store.Tx, op string, hide *bool) (disclosure, error) {
	if isTrue(hide) {
		return disclosure{hide: true}, nil
	}
	if callFrom(ctx, op).JobRun != "" {
		return disclosure{job: true}, nil
	}
	s, err := tx.EncryptionSettings()
	encrypted := s.ConnectionPasswordEncryption != nil && isTrue(s.ConnectionPasswordEncryption.ReturnConnectionPasswordEncrypted)
	return disclosure{encrypted: encrypted}, err
}

// shown is a connection as a caller gets it.
func (a *API) shown(rec *store.ConnectionRecord, how disclosure) (*glue.Connection, error) {
	c := rec.Connection
	if how.hide {
		return &c, nil
	}
	c.ConnectionProperties = orNew(c.ConnectionProperties)
	if how.encrypted {
		return &c, a.giveEncrypted(&c, rec.Sealed)
	}
	var auth *glue.AuthenticationConfigurationInput
	c.SparkProperties, c.AthenaProperties, c.PythonProperties = maps.Clone(c.SparkProperties), maps.Clone(c.AthenaProperties), maps.Clone(c.PythonProperties)
	for at, sealed := range rec.Sealed {
		text, err := a.open(c.Name, at, sealed)
		if err != nil {
			return nil, err
		}
		if at == atAuthentication {
			if err := json.Unmarshal([]byte(text), &auth); err != nil {
				return nil, err
			}
			continue
		}
		member, key, _ := strings.Cut(at, ".")
		switch member + "." {
		case atConnection:
			setProperty(&c, glue.ConnectionPropertyKey(key), text)
		case atSpark:
			c.SparkProperties[key] = text
		case atAthena:
			c.AthenaProperties[key] = text
		case atPython:
			c.PythonProperties[key] = text
		}
	}
	if how.job {
		return &c, a.resolve(&c, auth)
	}
	return &c, nil
}

// giveEncrypted gives passwords as they are kept; those that came encrypted from
// elsewhere, as they came.
func (a *API) giveEncrypted(c *glue.Connection, all map[string]string) error {
	for at, sealed := range all {
		key, ok := strings.CutPrefix(at, atConnection)
		if !ok || c.ConnectionProperties[glue.ConnectionPropertyKey(key)] != "" {
			continue
		}
		if !strings.HasPrefix(key, encryptedPrefix) {
			setProperty(c, glue.ConnectionPropertyKey(encryptedPrefix+key), sealed)
			continue
		}
		text, err := a.open(c.Name, at, sealed)
		if err != nil {
			return err
		}
		setProperty(c, glue.ConnectionPropertyKey(key), text)
	}
	return nil
}

func orNew[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

func (a *API) open(name, at, sealed string) (string, error) {
	if a.opt.SecretKey == nil {
		return "", encryption(errNoKey)
	}
	text, err := a.opt.SecretKey.Open(about(name, at), sealed)
	return text, encryption(err)
}

// resolve gives a connection the user and password that its secret names, as a
// job on AWS looks them up itself. A secret that is not in the file is left to the
// job.
func (a *API) resolve(c *glue.Connection, auth *glue.AuthenticationConfigurationInput) error {
	if auth != nil && auth.BasicAuthenticationCredentials != nil {
		setProperty(c, "USERNAME", auth.BasicAuthenticationCredentials.Username)
		setProperty(c, "PASSWORD", auth.BasicAuthenticationCredentials.Password)
	}
	ids := []struct{ id, user, password string }{
		{c.ConnectionProperties["SECRET_ID"], "USERNAME", "PASSWORD"},
		{c.ConnectionProperties["KAFKA_SASL_SCRAM_SECRETS_ARN"], "KAFKA_SASL_SCRAM_USERNAME", "KAFKA_SASL_SCRAM_PASSWORD"},
	}
	if auth := c.AuthenticationConfiguration; auth != nil {
		ids = append(ids, struct{ id, user, password string }{auth.SecretArn, "USERNAME", "PASSWORD"})
	}
	for _, s := range ids {
		if s.id == "" {
			continue
		}
		value, found, err := a.opt.Secrets.Lookup(s.id)
		if err != nil {
			return invalid("The secret %s of connection %s can't be read: %s", s.id, c.Name, err)
		}
		if !found {
			continue
		}
		for key, text := range map[string]string{s.user: value.Get("username", "user"), s.password: value.Get("password")} {
			if text != "" {
				setProperty(c, glue.ConnectionPropertyKey(key), text)
			}
		}
	}
	return nil
}

// hiddenAuthentication is the secret part of an authentication; nil when there is none.
func hiddenAuthentication(in *glue.AuthenticationConfigurationInput) *glue.AuthenticationConfigurationInput {
	if in == nil {
		return nil
	}
	out := &glue.AuthenticationConfigurationInput{
		BasicAuthenticationCredentials: in.BasicAuthenticationCredentials, CustomAuthenticationCredentials: in.CustomAuthenticationCredentials,
	}
	if o := in.OAuth2Properties; o != nil && (o.OAuth2Credentials != nil || o.AuthorizationCodeProperties != nil) {
		out.OAuth2Properties = &glue.OAuth2PropertiesInput{OAuth2Credentials: o.OAuth2Credentials, AuthorizationCodeProperties: o.AuthorizationCodeProperties}
	}
	if out.BasicAuthenticationCredentials == nil && out.CustomAuthenticationCredentials == nil && out.OAuth2Properties == nil {
		return nil
	}
	return out
}
