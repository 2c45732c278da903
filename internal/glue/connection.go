package glue

import "regexp"

var (
	// secretKey are the keys of a connection's properties whose values are secret,
	// and notSecret those among them that only name something.
	secretKey = regexp.MustCompile(`(?i)passw|pwd|secret|token|credential|private_?key|api_?key`)
	notSecret = regexp.MustCompile(`(?i)(id|ids|arn|arns|name|url|uri|path|type|enabled)$`)

	// inside are the passwords within a text.
	inside = []struct {
		find *regexp.Regexp
		blot string
	}{
		{regexp.MustCompile(`(?i)((?:passw(?:or)?d|pwd|secret|token|private_?key|api_?key)(?:\s*=\s*["']?|["']\s*:\s*["']?))[^&;,"'\s}]+`), "${1}****"},
		{regexp.MustCompile(`(://[^/\s@:]*:)[^\s@/?]+@`), "${1}****@"},
		{regexp.MustCompile(`(:thin:[^/@\s]+/)[^@\s]+@`), "${1}****@"},
	}
)

// ShownProperty is what anybody may see of a property of a connection: nothing of
// a password, and of a text with a password in it, such as a URL, the text with
// the password blotted out. Of what is not secret it is the value itself.
func ShownProperty(key, value string) (shown string, secret bool) {
	if secretKey.MatchString(key) && !notSecret.MatchString(key) {
		return "", true
	}
	shown = value
	for _, p := range inside {
		shown = p.find.ReplaceAllString(shown, p.blot)
	}
	return shown, shown != value
}

// PublicAuthentication is the part of an authentication that may be seen, nil of
// none.
func PublicAuthentication(in *AuthenticationConfigurationInput) *AuthenticationConfiguration {
	if in == nil {
		return nil
	}
	out := &AuthenticationConfiguration{AuthenticationType: in.AuthenticationType, SecretArn: in.SecretArn, KmsKeyArn: in.KmsKeyArn}
	if o := in.OAuth2Properties; o != nil {
		out.OAuth2Properties = &OAuth2Properties{
			OAuth2GrantType: o.OAuth2GrantType, OAuth2ClientApplication: o.OAuth2ClientApplication,
			TokenUrl: o.TokenUrl, TokenUrlParametersMap: o.TokenUrlParametersMap,
		}
	}
	return out
}
