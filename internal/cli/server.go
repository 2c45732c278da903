package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/reglue/reglue/internal/api"
	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor/spark"
	"github.com/reglue/reglue/internal/metastore"
	"github.com/reglue/reglue/internal/s3"
	"github.com/reglue/reglue/internal/secret"
	"github.com/reglue/reglue/internal/store"
	"github.com/reglue/reglue/internal/wire"
)

const (
	authNone       = "none"
	authSigV4      = "sigv4"
	defaultListen  = "127.0.0.1:4780"
	defaultRegion  = "us-east-1"
	defaultAccount = "000000000000"
)

// serverOptions are the settings of a server. Zero values mean the defaults.
type serverOptions struct {
	Data string
	// Listen is HOST:PORT; empty takes the address of the last owner, else the
	// default, else any free one.
	Listen string
	// Auth is none or sigv4; empty takes that of the last owner, else none.
	Auth string
	// Key is the access key with sigv4; empty takes the folder's, or makes one.
	Key   accessKey
	Hosts []string
	Maps  []string
	// Secrets is the file with the secrets that connections name; empty for none.
	Secrets string
	// AllowAWS are the AWS services that jobs may really reach.
	AllowAWS []string
	// Account and Region are kept in the folder when it is created.
	Account, Region string
	Python          string
	Spark           spark.Settings
	MaxLocalJobs    int
	StopGrace       time.Duration
	// Metastore is HOST:PORT for Hive clients, or off; empty takes that of the last
	// owner, else any free one.
	Metastore string
	// UnlimitedResumes, ResumeStopped and ResumeRunning lift R41, R38 and R3.
	UnlimitedResumes, ResumeStopped, ResumeRunning bool
	Retention                                      time.Duration
	// Quotas replace those of an AWS account, by the names in quotaNames; a
	// negative one is none.
	Quotas map[string]int
	Log    *slog.Logger
}

// server owns a data folder and answers on its port.
type server struct {
	opt      serverOptions
	folder   *folder
	id       string // of this owner
	db       *store.DB
	engine   *engine.Engine
	api      *api.API
	listener net.Listener
	files    *s3.Map
	secrets  secret.File
	written  *written
	opened   *openedServices
	tokens   tokens
	key      accessKey
	// hive and metastore answer Hive clients; both may be nil.
	hive      net.Listener
	metastore *metastore.Server
	// last is what the owner before left.
	last ownerInfo
	// taken is the address that another process had; empty when it was free.
	taken string
	// newKey is set when this start made the key.
	newKey bool

	Endpoint string

	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// startServer owns the folder, recovers what was running and serves until Close.
func startServer(ctx context.Context, o serverOptions) (*server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	f, err := own(o.Data)
	if err != nil {
		return nil, err
	}
	s := &server{opt: o, folder: f, id: uuid.NewString(), done: make(chan struct{})}
	s.opt.Data = f.dir
	s.last, _ = readOwner(f.dir) // the first owner finds none
	s.opt.Auth = cmp.Or(o.Auth, s.last.Auth, authNone)
	if err := s.open(ctx); err != nil {
		s.closeParts()
		return nil, err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	go s.run(run)
	return s, nil
}

func (s *server) open(ctx context.Context) error {
	// Until this owner can be reached, nobody may take the last one's endpoint for
	// it: another server may have that port by now.
	starting := ownerInfo{Address: s.last.Address, Metastore: s.last.Metastore, Auth: s.opt.Auth, PID: os.Getpid()}
	if err := s.folder.tell(starting); err != nil {
		return err
	}
	var err error
	if s.db, err = store.Open(ctx, s.opt.Data, store.Options{
		Log: s.opt.Log, Account: s.opt.Account, Region: s.opt.Region,
	}); err != nil {
		return err
	}
	s.written = &written{data: s.opt.Data, log: s.opt.Log, sessions: s.sessions}
	if s.tokens, err = loadTokens(s.opt.Data); err != nil {
		return err
	}
	if err := s.openKey(); err != nil {
		return err
	}
	if s.listener, err = s.listen(ctx); err != nil {
		return err
	}
	s.Endpoint = "http://" + reachable(s.listener.Addr().String())
	if s.files, err = s3.NewMap(s.opt.Data, s.opt.Maps); err != nil {
		return err
	}
	if s.opened, err = openServices(ctx, s.opt.AllowAWS, s.db.Scope().Region); err != nil {
		return err
	}
	if s.opt.Secrets != "" {
		if s.secrets, err = secret.NewFile(s.opt.Secrets); err != nil {
			return fmt.Errorf("--secrets: %w", err)
		}
	}
	if err := s.listenMetastore(ctx); err != nil {
		return err
	}
	jobs, err := s.executor()
	if err != nil {
		return err
	}
	s.engine = engine.New(engine.Options{
		Store: s.db, Executor: jobs, Log: s.opt.Log, EndpointURL: s.jobEndpoint,
		UnlimitedResumes: s.opt.UnlimitedResumes, ResumeStopped: s.opt.ResumeStopped, ResumeRunning: s.opt.ResumeRunning, Retention: s.opt.Retention, Forget: jobs.Forget,
		MaxJobRuns: cmp.Or(s.opt.Quotas[quotaJobRuns], defaultJobRuns),
	})
	s.api = api.New(s.db, s.engine, api.Options{
		Log: s.opt.Log, Files: jobFiles{s.files, jobs.Pin, s.written.of}, ResumeStopped: s.opt.ResumeStopped, ResumeRunning: s.opt.ResumeRunning,
		MaxWorkflows: s.opt.Quotas[quotaWorkflows], MaxTriggers: s.opt.Quotas[quotaTriggers],
		MaxJobs: s.opt.Quotas[quotaJobs], MaxJobsPerTrigger: s.opt.Quotas[quotaJobsPerTrigger],
		MaxConnections: s.opt.Quotas[quotaConnections], MaxSecurityConfigurations: s.opt.Quotas[quotaSecurityConfigurations],
		SecretKey: secretKey(s.opt.Data), Secrets: s.secrets,
		Catalog: api.CatalogQuotas{
			Databases: s.opt.Quotas[quotaDatabases], Tables: s.opt.Quotas[quotaTables], Functions: s.opt.Quotas[quotaFunctions],
			Partitions: s.opt.Quotas[quotaPartitions], Versions: s.opt.Quotas[quotaTableVersions],
		},
	})
	s.openMetastore()
	return s.folder.tell(ownerInfo{
		Endpoint: s.Endpoint, Address: s.listener.Addr().String(), Metastore: cmp.Or(s.metastoreAddress(), s.last.Metastore), Auth: s.opt.Auth, PID: os.Getpid(), ID: s.id,
	})
}

func (s *server) openKey() error {
	if s.opt.Auth != authSigV4 {
		return nil
	}
	if s.opt.Key.ID != "" {
		// Kept, so that the other commands on this machine can sign too.
		s.key = s.opt.Key
		return keepAccessKey(s.opt.Data, s.key)
	}
	k, ok, err := loadAccessKey(s.opt.Data)
	if err == nil && !ok {
		k = newAccessKey()
		err = keepAccessKey(s.opt.Data, k)
		s.newKey = true
	}
	s.key = k
	return err
}

// listen takes the address that was asked for. Without one it takes that of the
// last owner, so that the endpoint of a live job stays right, then the default
// port, then any.
func (s *server) listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	if s.opt.Listen != "" {
		l, err := lc.Listen(ctx, "tcp", s.opt.Listen)
		if err != nil {
			return nil, fmt.Errorf("%w; is another server running? choose another port with --listen", err)
		}
		return l, nil
	}
	tries := []string{defaultListen, "127.0.0.1:0"}
	if host, port, err := net.SplitHostPort(s.last.Address); err == nil {
		if s.opt.Auth != authSigV4 && !loopback(host) {
			host = "127.0.0.1" // the last owner asked for signatures, we don't
		}
		tries = append([]string{net.JoinHostPort(host, port)}, tries...)
	}
	var errs []error
	for _, addr := range tries {
		l, err := lc.Listen(ctx, "tcp", addr)
		if err == nil {
			return l, nil
		}
		if addr == tries[0] {
			s.taken = addr
		}
		if addr == tries[0] && s.last.Address != "" {
			s.opt.Log.Warn("the address of the last owner is taken; jobs that still run from then can't reach this server", "address", addr)
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// reachable is where a client on this machine reaches an address that the server
// listens on.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func (s *server) secret(accessKeyID string) (string, bool) {
	if s.key.ID != "" && accessKeyID == s.key.ID {
		return s.key.Secret, true
	}
	return "", false
}

func (s *server) s3Secret(accessKeyID string) (string, bool) {
	if secret, ok := s.secret(accessKeyID); ok {
		return secret, true
	}
	if strings.HasPrefix(accessKeyID, "jr_") && s.live(accessKeyID) {
		return s.tokens.of(forS3, accessKeyID), true
	}
	if strings.HasPrefix(accessKeyID, workflowRunPrefix) {
		if _, live := s.sessions(accessKeyID); live {
			return s.tokens.of(forS3, accessKeyID), true
		}
	}
	if s.opened != nil {
		// A job with an opened service signs its built-in S3 calls alike.
		if c, err := s.opened.creds.Retrieve(context.Background()); err == nil && c.AccessKeyID == accessKeyID {
			return c.SecretAccessKey, true
		}
	}
	return "", false
}

// handler answers the Glue protocol, the console's pages and, for requests signed for
// it, S3, at one URL: what an AWS client asks for shows in its signature.
func (s *server) handler() http.Handler {
	glue := &wire.Handler{
		TargetPrefix: "AWSGlue.",
		Call: func(ctx context.Context, op string, body []byte) (any, error) {
			r := wire.RequestFrom(ctx)
			caller := r.AccessKey
			if r.JobRun != "" {
				caller = r.JobRun
			}
			ctx = api.WithCall(ctx, engine.Call{
				Invocation: r.InvocationID, Caller: caller, JobRun: r.JobRun, Operation: op, BodyHash: r.BodyHash,
			})
			return s.api.Call(ctx, op, body)
		},
		Error: s.api.Error,
		Hosts: wire.Hosts(s.opt.Hosts),
		JobToken: func(id, token string) bool {
			return s.tokens.valid(forGlue, id, token) && s.live(id)
		},
		Log: s.opt.Log,
	}
	objects := s3.Options{Log: s.opt.Log, Writes: s.written.note}
	guard := wire.Hosts(s.opt.Hosts).Guard
	if s.opt.Auth == authSigV4 {
		glue.Signatures = &wire.Signatures{Service: "glue", Secrets: s.secret}
		glue.Sessions = newSessions(s.listener.Addr())
		objects.Secrets = s.s3Secret
		guard = wire.SameOrigin
	}
	buckets := guard(s3.Handler(s.files, objects))
	pages := s.console(glue)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get(ownerHeader) != "" && r.Header.Get(ownerHeader) != s.id:
			http.Error(w, "another server has this address now", http.StatusMisdirectedRequest)
		case r.URL.Path == sealedPath || strings.HasPrefix(r.URL.Path, sealedPath+"/"):
			sealed(w, r)
		case s3.IsRequest(r):
			buckets.ServeHTTP(w, r)
		case pages.Serves(r):
			pages.ServeHTTP(w, r)
		default:
			glue.ServeHTTP(w, r)
		}
	})
}

// run serves until the context ends. A part that fails ends all.
func (s *server) run(ctx context.Context) {
	defer close(s.done)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	engineCtx, stopEngine := context.WithCancel(context.WithoutCancel(ctx))
	defer stopEngine()
	engineDone := make(chan error, 1)
	go func() {
		err := s.engine.Run(engineCtx)
		cancel()
		engineDone <- err
	}()
	hiveDone := make(chan error, 1)
	go func() {
		err := s.serveMetastore(ctx)
		if err != nil {
			cancel()
		}
		hiveDone <- err
	}()
	web := &wire.Server{Handler: s.handler(), Log: s.opt.Log}
	err := web.Serve(ctx, s.listener)
	cancel()
	err = errors.Join(err, <-hiveDone)
	// Requests are drained; only now may the engine go.
	stopEngine()
	s.err = errors.Join(err, <-engineDone)
}

// Wait returns when the server has ended on its own, with its error.
func (s *server) Wait() <-chan struct{} { return s.done }

// Target is the server as this process's own commands reach it.
func (s *server) Target() *target {
	return &target{
		Caller: &apiCaller{s.api}, Kind: targetInProcess, Endpoint: s.Endpoint,
		Folder: s.opt.Data, Owns: true, Close: noClose,
	}
}

// Close drains requests and gives the folder up. Jobs go on.
func (s *server) Close(context.Context) error {
	s.cancel()
	<-s.done
	s.closeParts()
	return s.err
}

func (s *server) closeParts() {
	if s.db != nil {
		if err := s.db.Close(); err != nil {
			s.opt.Log.Error("close the store", "error", err)
		}
	}
	if s.listener != nil {
		_ = s.listener.Close() // closed already when it served
	}
	if s.hive != nil {
		_ = s.hive.Close() // likewise
	}
	_ = s.folder.release()
}
