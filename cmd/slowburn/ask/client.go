package ask

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	config_util "github.com/prometheus/common/config"
)

// maxAnswer bounds what is read of an answer, bytes.
const maxAnswer = 32 << 20

// get asks for path with params; data is decoded into to and returned as it came.
func (f *flags) get(ctx context.Context, path string, params url.Values, to any) (json.RawMessage, error) {
	return f.do(ctx, http.MethodGet, path, params, nil, to)
}

// post sends body as JSON.
func (f *flags) post(ctx context.Context, path string, body, to any) (json.RawMessage, error) {
	return f.do(ctx, http.MethodPost, path, nil, body, to)
}

func (f *flags) do(ctx context.Context, method, path string, params url.Values, body, to any) (json.RawMessage, error) {
	client, err := f.client()
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	u, err := url.Parse(f.server)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("--server %q: want a URL such as http://127.0.0.1:9797", f.server)
	}
	u = u.JoinPath("api/slo/v1", path)
	u.RawQuery = params.Encode()
	var text io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		text = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), text)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return decode(u, resp, to)
}

// decode reads an answer's data, or the error it says.
func decode(u *url.URL, resp *http.Response, to any) (json.RawMessage, error) {
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	var a struct {
		Status, Code, Error string
		Data                json.RawMessage
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return nil, fmt.Errorf("%s answered %s, which is not slowburn's API", u.Redacted(), resp.Status)
	}
	if a.Status != "success" {
		return nil, fmt.Errorf("%s (%s, %s)", a.Error, a.Code, resp.Status)
	}
	if err := json.Unmarshal(a.Data, to); err != nil {
		return nil, fmt.Errorf("decode the answer: %w", err)
	}
	return a.Data, nil
}

// client shows the credentials the flags name. It follows no redirect: they would go
// along.
func (f *flags) client() (*http.Client, error) {
	cfg := config_util.DefaultHTTPClientConfig
	if f.httpConfig != "" {
		c, _, err := config_util.LoadHTTPConfigFile(f.httpConfig)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.httpConfig, err)
		}
		cfg = *c
	}
	if f.token != "" {
		cfg.Authorization = &config_util.Authorization{Type: "Bearer", CredentialsFile: f.token}
	}
	client, err := config_util.NewClientFromConfig(cfg, "slowburn")
	if err != nil {
		return nil, fmt.Errorf("make an HTTP client: %w", err)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, nil
}

// printJSON writes data as it came, indented.
func printJSON(out io.Writer, data json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return err
	}
	_, err := io.WriteString(out, strings.TrimSpace(b.String())+"\n")
	return err
}
