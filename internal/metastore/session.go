package metastore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/reglue/reglue/internal/metastore/hms"
)

// session is one client's connection; its methods are the calls.
type session struct {
	server  *Server
	api     API
	folders folders

	// endpoint is the job's, when the client has shown one.
	endpoint string
	ready    bool
}

var _ hms.ThriftHiveMetastore = (*session)(nil)

// SetUgi is a client's first call. A job's client shows the endpoint of its job, which
// holds a token, as the name of a group: the protocol has no other place for it.
func (s *session) SetUgi(_ context.Context, user string, groups []string) ([]string, error) {
	if s.server.opt.Job != nil {
		if at := slices.IndexFunc(groups, s.server.opt.Job); at >= 0 {
			s.endpoint = groups[at]
		} else {
			return nil, meta(notAdmitted)
		}
	}
	return []string{user}, nil
}

const notAdmitted = "this server asks for signatures, and Hive's protocol has none: only live jobs, started by this server, may call its metastore"

// refused is the answer to a client that may not call.
func (s *session) refused(method string) thrift.TApplicationException {
	if s.server.opt.Job == nil || method == "set_ugi" || s.endpoint != "" && s.server.opt.Job(s.endpoint) {
		return nil
	}
	return thrift.NewTApplicationException(thrift.INTERNAL_ERROR, notAdmitted)
}

// do carries out an operation of the API.
func do[Response any](ctx context.Context, s *session, op string, request any) (*Response, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	answer, err := s.api.Call(ctx, op, body)
	if err != nil {
		return nil, err
	}
	response, ok := answer.(*Response)
	if !ok {
		return nil, fmt.Errorf("%s answered with a %T", op, answer)
	}
	return response, nil
}

// GetMetaConf knows of no setting.
func (s *session) GetMetaConf(context.Context, string) (string, error) { return "", nil }

// SetMetaConf refuses: there is nothing to set.
func (s *session) SetMetaConf(_ context.Context, key, _ string) error {
	return meta("the metastore has no setting " + key)
}

// GetConfigValue gives the client's own default: there are no settings.
func (s *session) GetConfigValue(_ context.Context, _, otherwise string) (string, error) {
	return otherwise, nil
}
