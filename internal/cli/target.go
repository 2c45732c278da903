package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/reglue/reglue/internal/api"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/s3"
	"github.com/reglue/reglue/internal/store"
	"github.com/reglue/reglue/internal/wire"
)

// targetOptions say what a command talks to.
type targetOptions struct {
	Data     string
	Endpoint string
	Profile  string
	Region   string
	// Own says whether the command becomes the owner of the folder if nobody is.
	Own owning
	Log *slog.Logger
}

// owning says what a command does with a data folder that has no owner.
type owning int

const (
	reads   owning = iota // it only looks at it
	repairs               // it owns it; without data there is nothing to change
	creates               // it owns it, and makes it if need be
)

type targetKind int

const (
	targetEndpoint targetKind = iota
	targetAWS
	targetOwner
	targetInProcess
)

// target is what a command talks to, and where the files of its job runs are.
type target struct {
	Caller
	Kind targetKind
	// Endpoint is the server's URL; empty within this process.
	Endpoint string
	// Profile is that of an AWS account, and Region what was asked for.
	Profile, Region string
	// Folder is the data folder with the logs of job runs; empty where its files
	// can't be reached.
	Folder string
	// Owns is set when this process owns the folder.
	Owns bool
	// Close gives up what opening took.
	Close func() error
}

// openTarget finds what a command talks to: the account of a profile, the
// endpoint, the owner of the data folder, or, when it has no owner, the folder.
func openTarget(ctx context.Context, o targetOptions) (*target, error) {
	switch {
	case o.Profile != "":
		c, err := newAWSCaller(ctx, o.Profile, o.Region)
		if err != nil {
			return nil, err
		}
		return &target{Caller: c, Kind: targetAWS, Profile: o.Profile, Region: o.Region, Close: noClose}, nil
	case o.Endpoint != "":
		c, err := newEndpointCaller(ctx, o.Endpoint, o.Region)
		if err != nil {
			return nil, err
		}
		return &target{Caller: c, Kind: targetEndpoint, Endpoint: o.Endpoint, Close: noClose}, nil
	}
	isOwned, err := owned(o.Data)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", o.Data, err)
	}
	switch {
	case isOwned:
		return openOwner(ctx, o)
	case o.Own != reads:
		return openOwn(ctx, o)
	}
	return openReadOnly(ctx, o)
}

func noClose() error { return nil }

// openOwn owns the folder until the command is done. The runs that it finds live
// go on meanwhile.
func openOwn(ctx context.Context, o targetOptions) (*target, error) {
	if o.Own == repairs {
		if err := hasData(o.Data); err != nil {
			return nil, err
		}
	}
	s, err := startServer(ctx, serverOptions{Data: o.Data, Region: o.Region, Log: o.Log})
	if errors.Is(err, errOwned) {
		return openOwner(ctx, o) // another command was faster
	}
	if err != nil {
		return nil, err
	}
	t := s.Target()
	t.Close = func() error { return s.Close(context.WithoutCancel(ctx)) }
	return t, nil
}

func openReadOnly(ctx context.Context, o targetOptions) (*target, error) {
	db, err := store.OpenReadOnly(ctx, o.Data)
	if errors.Is(err, store.ErrNoStore) {
		return nil, noData(o.Data)
	}
	if err != nil {
		return nil, err
	}
	files, err := s3.NewMap(o.Data, nil)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &target{
		Caller: &apiCaller{api.New(db, nil, api.Options{Log: o.Log, SecretKey: secretKey(o.Data), Files: jobFiles{files, noPin, (&written{data: o.Data}).of}})},
		Kind:   targetInProcess, Folder: o.Data, Close: db.Close,
	}, nil
}

func noPin(location string) (string, error) {
	return "", fmt.Errorf("%s: a command that only looks keeps no files", location)
}

// unowned reports whether nobody owns the data folder: jobs go on then, but
// nothing follows them.
func (t *target) unowned() bool {
	if t.Folder == "" || t.Owns {
		return false
	}
	isOwned, err := owned(t.Folder)
	return err == nil && !isOwned
}

// hasData refuses a folder without data, so that a command in the wrong place
// leaves nothing there.
func hasData(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, store.File)); errors.Is(err, fs.ErrNotExist) {
		return noData(dir)
	}
	return nil
}

func noData(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	return fmt.Errorf("there is no reglue data in %s; start a server with 'reglue serve --data %s', "+
		"name its folder with --data, or its URL with --endpoint", abs, dir)
}

// apiCaller carries operations out within this process, through the same checks
// and bodies as over HTTP.
type apiCaller struct{ api *api.API }

func (c *apiCaller) Call(ctx context.Context, op string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := c.api.Call(ctx, op, body)
	if err != nil {
		_, code, message := c.api.Error(err)
		return &glue.Error{Kind: glue.Kind(code), Message: message, Err: err}
	}
	if out == nil || answer == nil {
		return nil
	}
	if body, err = wire.Encode(answer); err != nil {
		return err
	}
	return wire.Decode(body, out)
}
