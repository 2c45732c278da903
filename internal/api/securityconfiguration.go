package api

import (
	"context"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// Security configurations are kept for what names them: jobs here write with the
// keys of this machine, so no other part of the server looks into one.

func findSecurityConfiguration(tx *store.Tx, name string) (*glue.SecurityConfiguration, error) {
	c, err := tx.SecurityConfiguration(name)
	if err == nil && c == nil {
		err = glue.Errorf(glue.EntityNotFound, "Security configuration %s not found.", name)
	}
	return c, err
}

func (a *API) createSecurityConfiguration(
	ctx context.Context, r *glue.CreateSecurityConfigurationRequest,
) (*glue.CreateSecurityConfigurationResponse, error) {
	out := &glue.CreateSecurityConfigurationResponse{Name: r.Name}
	err := a.alter(ctx, func(tx *store.Tx, now glue.Time) error {
		if old, err := tx.SecurityConfiguration(r.Name); err != nil || old != nil {
			return orThere(err, "Security configuration")
		}
		limit := quota(a.opt.MaxSecurityConfigurations, DefaultMaxSecurityConfigurations)
		if err := a.room(&a.securityConfigurations, "security configurations", limit, tx.SecurityConfigurationNames); err != nil {
			return err
		}
		out.CreatedTimestamp = now
		return tx.PutSecurityConfiguration(&glue.SecurityConfiguration{
			Name: r.Name, CreatedTimeStamp: now, EncryptionConfiguration: r.EncryptionConfiguration,
		})
	})
	return out, err
}

func (a *API) deleteSecurityConfiguration(
	ctx context.Context, r *glue.DeleteSecurityConfigurationRequest,
) (*glue.DeleteSecurityConfigurationResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		if _, err := findSecurityConfiguration(tx, r.Name); err != nil {
			return err
		}
		return tx.DeleteSecurityConfiguration(r.Name)
	})
	return &glue.DeleteSecurityConfigurationResponse{}, err
}

func (a *API) getSecurityConfiguration(
	ctx context.Context, r *glue.GetSecurityConfigurationRequest,
) (*glue.GetSecurityConfigurationResponse, error) {
	out := &glue.GetSecurityConfigurationResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		out.SecurityConfiguration, err = findSecurityConfiguration(tx, r.Name)
		return err
	})
	return out, err
}

func (a *API) getSecurityConfigurations(
	ctx context.Context, r *glue.GetSecurityConfigurationsRequest,
) (*glue.GetSecurityConfigurationsResponse, error) {
	p, err := newPage("GetSecurityConfigurations", r.NextToken, r.MaxResults, defaultPage)
	if err != nil {
		return nil, err
	}
	out := &glue.GetSecurityConfigurationsResponse{}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		all, err := tx.SecurityConfigurations(p.after, p.more())
		out.SecurityConfigurations, out.NextToken = cut(&p, all, func(c *glue.SecurityConfiguration) string { return c.Name })
		return err
	})
	return out, err
}

// Of the settings for the whole catalog, ReturnConnectionPasswordEncrypted alone
// changes what this server does; passwords are always kept encrypted.

func (a *API) getDataCatalogEncryptionSettings(
	ctx context.Context, _ *glue.GetDataCatalogEncryptionSettingsRequest,
) (*glue.GetDataCatalogEncryptionSettingsResponse, error) {
	off := false
	s := glue.DataCatalogEncryptionSettings{}
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		s, err = tx.EncryptionSettings()
		return err
	})
	if s.EncryptionAtRest == nil {
		s.EncryptionAtRest = &glue.EncryptionAtRest{CatalogEncryptionMode: glue.CatalogEncryptionModeDisabled}
	}
	if s.ConnectionPasswordEncryption == nil {
		s.ConnectionPasswordEncryption = &glue.ConnectionPasswordEncryption{ReturnConnectionPasswordEncrypted: &off}
	}
	return &glue.GetDataCatalogEncryptionSettingsResponse{DataCatalogEncryptionSettings: &s}, err
}

func (a *API) putDataCatalogEncryptionSettings(
	ctx context.Context, r *glue.PutDataCatalogEncryptionSettingsRequest,
) (*glue.PutDataCatalogEncryptionSettingsResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		return tx.PutEncryptionSettings(r.DataCatalogEncryptionSettings)
	})
	return &glue.PutDataCatalogEncryptionSettingsResponse{}, err
}
