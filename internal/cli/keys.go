package cli

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/reglue/reglue/internal/secret"
)

// accessKey is the key that clients sign with when the server asks for
// signatures.
type accessKey struct {
	ID     string `json:"access_key_id"`
	Secret string `json:"secret_access_key"`
}

const (
	credentialsFile = "credentials.json"
	tokenKeyFile    = "token.key"
	// secretKeyFile encrypts the passwords of connections.
	secretKeyFile = "secret.key"
)

// loadAccessKey reads the folder's key; ok is false when it has none.
func loadAccessKey(dir string) (k accessKey, ok bool, err error) {
	b, err := os.ReadFile(filepath.Join(dir, credentialsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return k, false, nil
	}
	if err != nil {
		return k, false, err
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return k, false, fmt.Errorf("%s: %w; remove the file to have a new key made", filepath.Join(dir, credentialsFile), err)
	}
	return k, k.ID != "" && k.Secret != "", nil
}

// newAccessKey makes a key.
func newAccessKey() accessKey {
	return accessKey{ID: "REGLUE" + randomToken(7), Secret: randomToken(20)}
}

// keepAccessKey stores a key, readable by its owner alone.
func keepAccessKey(dir string, k accessKey) error {
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, credentialsFile), b)
}

// secretKey is the key of a data folder that encrypts the passwords of connections.
func secretKey(dir string) *secret.Key { return secret.NewKey(filepath.Join(dir, secretKeyFile)) }

func randomToken(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return fmt.Sprintf("%X", b)
}

// tokens makes and checks what a job run shows to this server: a keyed hash of
// its id. The key is random, made once, and never leaves the folder.
type tokens struct{ key []byte }

func loadTokens(dir string) (tokens, error) {
	path := filepath.Join(dir, tokenKeyFile)
	key, err := os.ReadFile(path)
	if err == nil && len(key) == sha256.Size {
		return tokens{key}, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tokens{}, err
	}
	key = make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return tokens{key}, writeFile(path, key)
}

// of is the token of a job run for one purpose.
func (t tokens) of(purpose, jobRunID string) string {
	m := hmac.New(sha256.New, t.key)
	m.Write([]byte(purpose + "\x00" + jobRunID))
	return hex.EncodeToString(m.Sum(nil))
}

func (t tokens) valid(purpose, jobRunID, token string) bool {
	return hmac.Equal([]byte(t.of(purpose, jobRunID)), []byte(token))
}
