# Meta-analysis, meta-regression and partial pooling of counts, by metafor and VGAM.
# Run from this folder: Rscript pooling.R   (writes pooling.json)
suppressMessages({
  library(metafor)
  library(VGAM)
  library(jsonlite)
})

# 13 trials of BCG vaccine: Colditz and others (1994), JAMA 271, 698-702
bcg <- data.frame(
  tpos = c(4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27),
  tneg = c(119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886),
  cpos = c(11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29),
  cneg = c(128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825),
  latitude = c(44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33),
  allocation = c("random", "random", "random", "random", "alternate", "alternate", "random",
                 "random", "random", "systematic", "systematic", "systematic", "systematic")
)
bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = bcg)
star <- read.csv("../data/star_school_effects.csv")
# coaching in eight schools: Rubin (1981), Journal of Educational Statistics 6, 377-401
eight <- list(y = c(28, 8, -3, 7, -1, 1, 18, 12), s = c(15, 10, 16, 11, 9, 11, 10, 18))
data <- list(
  bcg = list(y = as.numeric(bcg$yi), s = sqrt(as.numeric(bcg$vi))),
  eight_schools = eight,
  ten_star_schools = list(y = star$md[11:20], s = sqrt(star$v_md[11:20])),
  two_units = list(y = c(0.1, 0.5), s = c(0.2, 0.15)),
  three_units = list(y = c(-0.2, 0.3, 0.25), s = c(0.1, 0.2, 0.3)),
  one_dominates = list(y = c(0.1, 0.6, 0.4, -0.3), s = c(0.01, 0.5, 0.6, 0.7)),
  nearly_equal = list(y = c(0.10, 0.11, 0.12, 0.10), s = rep(0.2, 4))
)

control <- list(tol = 1e-14, threshold = 1e-12, stepadj = 0.5, maxiter = 10000, tau2.max = 1e6)
tests <- c(z = "z", "knapp-hartung" = "knha", "knapp-hartung-ad-hoc" = "adhoc")

one_fit <- function(d, method, test) {
  m <- rma(d$y, d$s^2, method = method, test = tests[[test]], control = control)
  p <- predict(m)
  hts <- NULL
  if (method != "FE" && m$k > 2)
    hts <- as.numeric(m$beta) + c(-1, 1) * qt(.975, m$k - 2) * sqrt(m$se^2 + m$tau2)
  list(method = method, test = test, estimate = as.numeric(m$beta), std_error = m$se,
       df = if (test == "z") "inf" else m$ddf, p_value = m$pval, conf_low = m$ci.lb,
       conf_high = m$ci.ub, tau2 = m$tau2,
       tau2_std_error = if (method == "FE") NULL else m$se.tau2, i2 = m$I2, h2 = m$H2,
       q = m$QE, q_p_value = m$QEp, prediction = if (method == "FE") NULL else c(p$pi.lb, p$pi.ub),
       prediction_hts = hts, weights = as.numeric(weights(m)) / 100)
}

one_set <- function(name) {
  d <- data[[name]]
  fits <- list()
  for (method in c("FE", "DL", "REML", "PM")) for (test in names(tests)) {
    # the ad hoc variant and Knapp-Hartung are not meant for a common effect
    if (method == "FE" && test != "z") next
    fits <- c(fits, list(one_fit(d, method, test)))
  }
  reml <- rma(d$y, d$s^2, method = "REML", control = control)
  ci <- confint(reml, control = list(tol = 1e-14, tau2.max = 1e6))
  b <- blup(reml)
  list(name = name, y = d$y, s = d$s, fits = fits, q_profile_empty = ci$ci.null,
       q_profile_tau2 = as.numeric(ci$random["tau^2", c("ci.lb", "ci.ub")]),
       q_profile_i2 = as.numeric(ci$random["I^2(%)", c("ci.lb", "ci.ub")]),
       blup = list(estimate = b$pred, std_error = b$se))
}

regression <- function(formula, text, method, test) {
  m <- rma(formula, vi = vi, data = bcg, method = method, test = tests[[test]], control = control)
  ci <- confint(m, control = list(tol = 1e-14))
  list(formula = text, method = method, test = test, names = rownames(m$beta),
       estimate = as.numeric(m$beta), std_error = m$se,
       df = if (test == "z") "inf" else m$ddf, p_value = m$pval, tau2 = m$tau2,
       tau2_std_error = m$se.tau2, i2 = m$I2, r2 = m$R2, q = m$QE, q_p_value = m$QEp,
       moderators = m$QM, moderators_df = m$m, moderators_p = m$QMp,
       q_profile_tau2 = as.numeric(ci$random["tau^2", c("ci.lb", "ci.ub")]))
}
regressions <- list()
for (method in c("REML", "DL", "PM")) for (test in c("z", "knapp-hartung")) {
  regressions <- c(regressions, list(
    regression(yi ~ latitude, "y ~ latitude", method, test),
    regression(yi ~ latitude + allocation, "y ~ latitude + allocation", method, test)))
}

# counts: three answers of small teams, written here; and free lunch in ten of STAR's schools
teams <- rbind(c(0, 0, 8), c(2, 2, 3), c(1, 1, 7), c(6, 1, 0), c(0, 3, 5), c(3, 3, 2),
               c(1, 0, 9), c(4, 2, 1))
f <- vglm(teams ~ 1, dirmultinomial, epsilon = 1e-12, maxit = 200)
shares <- as.numeric(fitted(f)[1, ])
phi <- as.numeric(plogis(coef(f)[[3]]))  # the last link is the logit of phi = 1 / (1 + sum alpha)
lunch <- read.csv("../data/star_lunch_counts.csv")[21:30, ]
g <- vglm(cbind(free, n - free) ~ 1, betabinomialff, data = lunch, epsilon = 1e-12, maxit = 200)
counts <- list(
  dirichlet = list(counts = teams, shares = shares, phi = phi, alpha = shares * (1 / phi - 1)),
  beta_binomial = list(successes = lunch$free, totals = lunch$n, alpha = as.numeric(Coef(g)[1]),
                       beta = as.numeric(Coef(g)[2]), log_likelihood = logLik(g))
)

out <- list(
  about = list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
               VGAM = as.character(packageVersion("VGAM"))),
  meta = lapply(names(data), one_set), bcg = list(y = data$bcg$y, s = data$bcg$s,
  latitude = bcg$latitude, allocation = bcg$allocation), regressions = regressions,
  counts = counts)
write_json(out, "pooling.json", digits = 16, auto_unbox = TRUE, null = "null", na = "null",
           pretty = TRUE)
