package state

import (
	"encoding/json"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Bucket is a set of records of type T, each under a key. T is stored as JSON, so
// fields may be added without a new Schema.
type Bucket[T any] struct {
	db   *DB
	name []byte
}

// NewBucket names a bucket of the file; it is made with the first Save.
func NewBucket[T any](db *DB, name string) *Bucket[T] {
	return &Bucket[T]{db: db, name: []byte("b/" + name)}
}

// Load returns all records. If some cannot be decoded, it returns the others
// and an error that names each that cannot.
func (b *Bucket[T]) Load() (map[string]T, error) {
	out := map[string]T{}
	var bad []error
	err := b.db.bolt.View(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(b.name)
		if bucket == nil {
			return nil
		}
		return bucket.ForEach(func(k, v []byte) error {
			var record T
			if err := json.Unmarshal(v, &record); err != nil {
				bad = append(bad, fmt.Errorf("decode %s %q: %w", b.name[2:], k, err))
				return nil
			}
			out[string(k)] = record
			return nil
		})
	})
	if err != nil {
		return out, fmt.Errorf("load %s: %w", b.name[2:], err)
	}
	return out, errors.Join(bad...)
}

// Save stores put and removes del in one transaction: after an error nothing is
// changed, after nil all of it is on the disk (fsync). An empty key is refused.
func (b *Bucket[T]) Save(put map[string]T, del []string) error {
	if len(put) == 0 && len(del) == 0 {
		return nil
	}
	err := b.db.bolt.Update(func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(b.name)
		if err != nil {
			return err
		}
		for _, k := range del {
			if err := bucket.Delete([]byte(k)); err != nil {
				return fmt.Errorf("delete %q: %w", k, err)
			}
		}
		for k, record := range put {
			v, err := json.Marshal(record)
			if err != nil {
				return fmt.Errorf("encode %q: %w", k, err)
			}
			if err := bucket.Put([]byte(k), v); err != nil {
				return fmt.Errorf("put %q: %w", k, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save %s: %w", b.name[2:], err)
	}
	return nil
}
