package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// keySize is that of AES-256.
const keySize = 32

// version begins what is sealed, so that another way of sealing can follow.
const version = "v1"

// Key encrypts texts with AES-256-GCM. It lies in a file that its owner alone may
// read, and is read or made when it is first needed. It is safe for concurrent
// use.
type Key struct {
	path string

	mu   sync.Mutex
	aead cipher.AEAD
	id   string
}

// NewKey is the key that lies in a file, or will.
func NewKey(path string) *Key { return &Key{path: path} }

// Exists reports whether the key is there. It fails for a file that is no key or
// that others may read.
func (k *Key) Exists() (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.load()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Make creates the key if it is not there. What it seals can be read after a loss
// of power: the file is durable before Make returns.
func (k *Key) Make() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	if err := create(k.path, key); err != nil {
		return err
	}
	return k.use(key)
}

// Seal encrypts a text. What it is about is not in the result, but has to be told
// to open it, so that a sealed text can't take another's place.
func (k *Key) Seal(about, text string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(); err != nil {
		return "", k.missing(err)
	}
	// The nonce is random and part of the result.
	sealed := k.aead.Seal(nil, nil, []byte(text), []byte(about))
	return version + "." + k.id + "." + base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open decrypts what Seal returned.
func (k *Key) Open(about, sealed string) (string, error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != version {
		return "", errors.New("this is not what was sealed here")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(); err != nil {
		return "", k.missing(err)
	}
	if parts[1] != k.id {
		return "", fmt.Errorf("it was encrypted with another key (%s) than that in %s (%s): put the key back that the data folder had, or set the secret anew",
			parts[1], k.path, k.id)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err == nil {
		text, err = k.aead.Open(nil, nil, text, []byte(about))
	}
	if err != nil {
		return "", errors.New("what was encrypted has been changed since")
	}
	return string(text), nil
}

// missing says what to do about a key that can't be read.
func (k *Key) missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the key %s is missing: copy it from where the data folder comes from", k.path)
	}
	return err
}

func (k *Key) load() error {
	if k.aead != nil {
		return nil
	}
	key, err := readPrivate(k.path)
	if err != nil {
		return err
	}
	if len(key) != keySize {
		return fmt.Errorf("%s is no key: it has %d bytes, a key has %d", k.path, len(key), keySize)
	}
	return k.use(key)
}

func (k *Key) use(key []byte) error {
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	if k.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return err
	}
	sum := sha256.Sum256(append([]byte("reglue key id\x00"), key...))
	k.id = hex.EncodeToString(sum[:4])
	return nil
}

// create writes a new file that its owner alone may read, durably.
func create(path string, text []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	// A link, unlike a rename, replaces nothing.
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
