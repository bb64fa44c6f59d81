import { createAccessTokenCache, type PartnerAccessToken } from './access-token-cache.js';
import {
  createRedeemRefreshToken,
  type RedeemRefreshTokenDependencies,
} from './redeem-refresh-token.js';
import { createSignIn, type SignInDependencies } from './sign-in.js';

export type PartnerAccessTokenDependencies = RedeemRefreshTokenDependencies &
  Omit<SignInDependencies, 'redeem'>;

/**
 * The App+User token of the secure application model: a refresh token, given once by a person who
 * consented with multifactor authentication, is traded for access tokens ever after.
 *
 * @see https://learn.microsoft.com/partner-center/developer/enable-secure-app-model
 */
export function createPartnerAccessToken(
  dependencies: PartnerAccessTokenDependencies,
): PartnerAccessToken {
  const redeem = createRedeemRefreshToken(dependencies);
  const signIn = createSignIn({ ...dependencies, redeem });
  return createAccessTokenCache({ ...dependencies, signIn });
}
