package metastore

import (
	"context"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/metastore/hms"
)

// functions calls f with those of a database, or of all, in their order.
func (s *session) functions(ctx context.Context, database string, f func(*glue.UserDefinedFunction)) error {
	request := &glue.GetUserDefinedFunctionsRequest{DatabaseName: database, Pattern: ".*"}
	for {
		page, err := do[glue.GetUserDefinedFunctionsResponse](ctx, s, "GetUserDefinedFunctions", request)
		if err != nil {
			return err
		}
		for i := range page.UserDefinedFunctions {
			f(&page.UserDefinedFunctions[i])
		}
		if request.NextToken = page.NextToken; request.NextToken == "" {
			return nil
		}
	}
}

func (s *session) GetAllFunctions(ctx context.Context) (*hms.GetAllFunctionsResponse, error) {
	out := &hms.GetAllFunctionsResponse{Functions: []*hms.Function{}}
	err := s.functions(ctx, "", func(f *glue.UserDefinedFunction) { out.Functions = append(out.Functions, toFunction(f)) })
	return out, s.fault(err, faults{})
}

// GetFunctions knows of none in a database that is not there, as Hive's.
func (s *session) GetFunctions(ctx context.Context, database, pattern string) ([]string, error) {
	wanted, names := likeName(pattern), []string{}
	err := s.functions(ctx, database, func(f *glue.UserDefinedFunction) {
		if wanted(f.FunctionName) {
			names = append(names, f.FunctionName)
		}
	})
	if isKind(err, glue.EntityNotFound) {
		err = nil
	}
	return names, s.fault(err, faults{})
}

func (s *session) GetFunction(ctx context.Context, database, name string) (*hms.Function, error) {
	out, err := do[glue.GetUserDefinedFunctionResponse](ctx, s, "GetUserDefinedFunction", &glue.GetUserDefinedFunctionRequest{
		DatabaseName: database, FunctionName: name,
	})
	if isKind(err, glue.EntityNotFound) {
		// Spark looks for these words.
		return nil, noSuch("Function " + database + "." + name + " does not exist")
	}
	if err != nil {
		return nil, s.fault(err, faults{})
	}
	return toFunction(out.UserDefinedFunction), nil
}

func (s *session) CreateFunction(ctx context.Context, f *hms.Function) error {
	if f == nil {
		return meta("there is no function in the call")
	}
	_, err := do[glue.CreateUserDefinedFunctionResponse](ctx, s, "CreateUserDefinedFunction", &glue.CreateUserDefinedFunctionRequest{
		DatabaseName: f.DbName, FunctionInput: fromFunction(f),
	})
	return s.fault(err, faults{missing: noSuch, exists: already, invalid: badObject})
}

// AlterFunction keeps the name: Glue can't rename a function.
func (s *session) AlterFunction(ctx context.Context, database, name string, f *hms.Function) error {
	if f == nil {
		return meta("there is no function in the call")
	}
	_, err := do[glue.UpdateUserDefinedFunctionResponse](ctx, s, "UpdateUserDefinedFunction", &glue.UpdateUserDefinedFunctionRequest{
		DatabaseName: database, FunctionName: name, FunctionInput: fromFunction(f),
	})
	return s.fault(err, faults{missing: badOperation, invalid: badOperation})
}

func (s *session) DropFunction(ctx context.Context, database, name string) error {
	_, err := do[glue.DeleteUserDefinedFunctionResponse](ctx, s, "DeleteUserDefinedFunction", &glue.DeleteUserDefinedFunctionRequest{
		DatabaseName: database, FunctionName: name,
	})
	return s.fault(err, faults{missing: noSuch})
}
