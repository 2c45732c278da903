package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/uuid"

	"github.com/reglue/reglue/internal/api"
	"github.com/reglue/reglue/internal/engine"
)

const (
	// lookAgain is how long a call looks for who has the data folder now.
	lookAgain = 10 * time.Second
	// lookPause is the pause between two looks.
	lookPause = 20 * time.Millisecond
)

// ownerCaller talks to the owner of a data folder. Owners come and go: the
// process that finishes runs in the background ends with the last one, a server
// restarts. When the owner does not answer, the folder tells who has it now.
type ownerCaller struct {
	opt    targetOptions
	target *target
	http   *httpCaller
	// caller is who the owner takes the calls to be from.
	caller string
	// own is set once this process owns the folder.
	own *server
}

// openOwner talks to the process that owns the folder.
func openOwner(ctx context.Context, o targetOptions) (*target, error) {
	c := &ownerCaller{opt: o}
	t := &target{Caller: c, Kind: targetOwner, Folder: o.Data, Close: c.close}
	c.target = t
	if err := c.reach(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// reach finds the owner as the folder names it now.
func (c *ownerCaller) reach(ctx context.Context) error {
	info, err := toldOwner(ctx, c.opt.Data)
	if err != nil {
		return err
	}
	id, secret := "reglue", "reglue"
	c.caller = ""
	if info.Auth == authSigV4 {
		k, ok, err := loadAccessKey(c.opt.Data)
		if err != nil {
			return err
		}
		if ok {
			id, secret = k.ID, k.Secret
		}
		c.caller = id
	}
	region := c.opt.Region
	if region == "" {
		region = defaultRegion
	}
	c.http = newHTTPCaller(info.Endpoint, credentials.NewStaticCredentialsProvider(id, secret, ""), region)
	c.http.lost, c.http.owner = true, info.ID
	c.target.Endpoint = info.Endpoint
	return nil
}

func (c *ownerCaller) close() error {
	if c.own == nil {
		return nil
	}
	return c.own.Close(context.Background())
}

// Call carries out one operation. Of a call that was cut off nobody knows what
// became of it, so it is repeated under the same invocation id, which every owner
// of the folder knows (R37).
func (c *ownerCaller) Call(ctx context.Context, op string, in, out any) error {
	if c.own != nil {
		return c.own.Target().Call(ctx, op, in, out)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	invocation := uuid.NewString()
	var end time.Time
	for {
		err := c.http.send(ctx, op, invocation, body, out)
		if err == nil || !isLost(err) || ctx.Err() != nil {
			return err
		}
		if end.IsZero() {
			end = time.Now().Add(lookAgain)
		}
		if time.Now().After(end) {
			return c.http.explain(err)
		}
		if err := sleep(ctx, lookPause); err != nil {
			return err
		}
		isOwned, ownedErr := owned(c.opt.Data)
		if ownedErr != nil {
			return errors.Join(err, ownedErr)
		}
		if !isOwned {
			done, err := c.withoutOwner(ctx, op, invocation, in, body, out)
			if done {
				return err
			}
		}
		if err := c.reach(ctx); err != nil {
			return err
		}
	}
}

// withoutOwner carries a call out in the folder itself: it reads, or this process
// becomes the owner. It is not done if another process was faster.
func (c *ownerCaller) withoutOwner(ctx context.Context, op, invocation string, in any, body []byte, out any) (done bool, err error) {
	if reading(op) {
		t, err := openReadOnly(ctx, c.opt)
		if err != nil {
			return true, err
		}
		return true, closing(t.Call(ctx, op, in, out), t.Close)
	}
	s, err := startServer(ctx, serverOptions{Data: c.opt.Data, Region: c.opt.Region, Log: c.opt.Log})
	if errors.Is(err, errOwned) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	c.own = s
	c.target.Kind, c.target.Owns, c.target.Endpoint = targetInProcess, true, s.Endpoint
	hash := sha256.Sum256(body)
	ctx = api.WithCall(ctx, engine.Call{
		Invocation: invocation, Caller: c.caller, Operation: op, BodyHash: hex.EncodeToString(hash[:]),
	})
	return true, s.Target().Call(ctx, op, in, out)
}

// reading reports whether an operation changes nothing.
func reading(op string) bool {
	for _, prefix := range []string{"Get", "List", "BatchGet", "Plan", "Explain"} {
		if strings.HasPrefix(op, prefix) {
			return true
		}
	}
	return false
}

// isLost reports whether a call got no answer at all, or half of one.
func isLost(err error) bool {
	var connection *url.Error
	var broken *brokenAnswer
	return errors.As(err, &connection) || errors.As(err, &broken)
}
