package store

import (
	"crypto/sha256"
	"encoding/hex"
)

const (
	sqlDefinition       = `SELECT body FROM definitions WHERE id = $1`
	sqlDefinitionByHash = `SELECT id FROM definitions WHERE hash = $1`
	sqlInsertDefinition = `INSERT INTO definitions (id, kind, hash, body) VALUES ($1, $2, $3, $4)`
)

// maxCachedDefinitions bounds the memory that known hashes take.
const maxCachedDefinitions = 50_000

// definitionHash covers the kind and the body of a definition.
type definitionHash [sha256.Size]byte

func hashDefinition(kind string, body []byte) definitionHash {
	h := sha256.New()
	_, _ = h.Write([]byte(kind)) // a hash never fails
	_, _ = h.Write([]byte{0})
	_, _ = h.Write(body)
	return definitionHash(h.Sum(nil))
}

// PutDefinition keeps a definition and returns its id. The same kind and body
// give the same id and are kept once.
func (tx *Tx) PutDefinition(kind string, body []byte) (int64, error) {
	if !tx.write {
		return 0, errReadOnly
	}
	hash := hashDefinition(kind, body)
	if id, ok := tx.fresh[hash]; ok {
		return id, nil
	}
	if id, ok := tx.db.definitions[hash]; ok {
		return id, nil
	}
	text := hex.EncodeToString(hash[:])
	id, known, err := value[int64](tx, sqlDefinitionByHash, text)
	if err != nil {
		return 0, err
	}
	if !known {
		id = tx.db.seqs.next(seqDefinition)
		if err := tx.exec(sqlInsertDefinition, id, kind, text, string(body)); err != nil {
			return 0, err
		}
	}
	tx.remember(hash, id)
	return id, nil
}

// remember notes a definition for the commit; a member that fails takes its own
// back.
func (tx *Tx) remember(hash definitionHash, id int64) {
	if len(tx.db.definitions) >= maxCachedDefinitions {
		clear(tx.db.definitions)
	}
	tx.fresh[hash] = id
	tx.member = append(tx.member, hash)
}

// Definition reads a definition, nil when there is none.
func (tx *Tx) Definition(id int64) ([]byte, error) {
	body, ok, err := value[[]byte](tx, sqlDefinition, id)
	if err != nil || !ok {
		return nil, err
	}
	if body == nil {
		body = []byte{}
	}
	return body, nil
}
