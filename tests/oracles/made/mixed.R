# Linear mixed models: random slopes, joint tests, profile intervals, singular fits.
# Run in this folder: Rscript mixed.R. Writes mixed.json and the two data sets made here.
suppressMessages({
  library(lme4); library(lmerTest); library(pbkrtest); library(jsonlite)
})
control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = TRUE, optCtrl = list(rhoend = 1e-10, maxfun = 1e6),
  check.conv.singular = "ignore"
)
read <- function(name) {
  path <- file.path("../data", name)
  types <- if (name == "egsingle.csv") c(schoolid = "character", childid = "character") else NA
  d <- read.csv(path, colClasses = types, stringsAsFactors = FALSE)
  d
}
named <- function(x) as.list(x)

# 95% limits of every SD and correlation, from lme4's own deviance as a function of them. lme4's
# confint() goes through splines instead, which are off by up to 4e-4, and by 7e-3 for a correlation
# ("bad spline fit"), so the deviance is minimized and its rise solved for here.
limits <- function(model, crit = qchisq(0.95, 1)) {
  at <- as.data.frame(VarCorr(model), order = "lower.tri")
  best <- setNames(at$sdcor, ifelse(is.na(at$var2), paste0("sd_", at$var1), "cor"))
  names(best)[length(best)] <- "sigma"
  dev <- lme4:::devfun2(model, useSc = TRUE, signames = FALSE)
  lowest <- dev(best)
  profile <- function(k, value) {
    free <- log(best[-k])
    cor <- which(names(best)[-k] == "cor")
    free[cor] <- atanh(best[-k][cor])
    full <- function(u) {
      v <- exp(u); v[cor] <- tanh(u[cor])
      append(v, value, k - 1)
    }
    f <- function(u) tryCatch(dev(full(u)), error = function(e) 1e10)
    for (i in 1:3) {
      step <- optim(free, f, control = list(reltol = 1e-15, maxit = 4000))
      free <- step$par
    }
    step$value
  }
  lapply(setNames(seq_along(best), names(best)), function(k) {
    rise <- function(value) profile(k, value) - lowest - crit
    away <- if (names(best)[k] == "cor") c(-0.95, 0.95) else best[k] * c(0.25, 3)
    c(uniroot(rise, c(away[1], best[k]), tol = 1e-9)$root,
      uniroot(rise, c(best[k], away[2]), tol = 1e-9)$root)
  })
}

describe <- function(model, joint = list(), kr = TRUE, slow = FALSE, profile = FALSE, modes = 8) {
  m <- model
  out <- list(
    n_obs = nobs(m), fixef = named(fixef(m)), se_model = named(sqrt(diag(as.matrix(vcov(m))))),
    varcomp = as.data.frame(VarCorr(m))[, c("grp", "var1", "var2", "vcov", "sdcor")],
    logLik = as.numeric(logLik(m)), AIC = AIC(m), BIC = BIC(m), singular = isSingular(m, 1e-4)
  )
  s <- summary(m, ddf = "Satterthwaite")$coefficients
  out$satterthwaite <- apply(s[, c("Std. Error", "df"), drop = FALSE], 1, function(r)
    list(se = r[[1]], df = r[[2]]))
  contrast <- function(terms) {
    L <- matrix(0, length(terms), length(fixef(m)), dimnames = list(NULL, names(fixef(m))))
    L[cbind(seq_along(terms), match(terms, colnames(L)))] <- 1
    L
  }
  if (kr) {
    adjusted <- vcovAdj(model)
    out$kenward_roger <- setNames(lapply(names(fixef(m)), function(term) {
      L <- contrast(term)
      list(se = sqrt(as.numeric(L %*% adjusted %*% t(L))),
           df = as.numeric(Lb_ddf(L, vcov(model), adjusted)))
    }), names(fixef(m)))
  }
  out$joint <- lapply(joint, function(terms) {
    L <- contrast(terms)
    test <- contestMD(m, L, ddf = "Satterthwaite")
    found <- list(terms = terms, satterthwaite = list(F = test[["F value"]], df = test[["DenDF"]]))
    if (kr) {
      k <- KRmodcomp(model, L)$stats
      found$kenward_roger <- list(F = k$Fstat, df = k$ddf, p = k$p.value, scaling = k$F.scaling)
    }
    found
  })
  effects <- ranef(model, condVar = TRUE)
  out$modes <- lapply(effects, function(e) {
    v <- attr(e, "postVar")
    sds <- do.call(cbind, lapply(if (is.list(v)) v else list(v), function(a)
      t(matrix(apply(a, 3, function(x) sqrt(diag(as.matrix(x)))), nrow = dim(a)[1]))))
    rows <- seq_len(min(modes, nrow(e)))
    lapply(rows, function(i) list(
      group = rownames(e)[i], mode = named(unlist(e[i, , drop = FALSE])),
      sd = named(setNames(sds[i, ], colnames(e)))
    ))
  })
  if (profile) out$profile_ml <- limits(model)
  out
}

cases <- list()

hsb <- read("hsb82.csv")
hsb$catholic <- as.numeric(hsb$sector == "Catholic")
fit <- function(formula, data, REML = TRUE) {
  call <- bquote(lmer(.(formula), .(substitute(data)), REML = .(REML), control = control))
  eval(call, parent.frame())
}
cases$hsb_uncorrelated <- describe(
  fit(mAch ~ cses * catholic + (1 | school) + (0 + cses | school), hsb),
  joint = list(c("catholic", "cses:catholic")), kr = FALSE
)
cases$hsb_slope_ml <- describe(
  fit(mAch ~ cses + (cses | school), hsb, REML = FALSE), kr = FALSE, profile = TRUE
)

exam <- read("exam.csv")
exam$boy <- as.numeric(exam$sex == "M")
few <- exam[as.integer(exam$school) <= 14, ]
cases$exam_slope <- describe(
  fit(normexam ~ standLRT + boy + schavg + (standLRT | school), few),
  joint = list(c("boy", "schavg"), c("standLRT", "boy", "schavg")), profile = FALSE
)
cases$exam_slope_ml <- describe(
  fit(normexam ~ standLRT + boy + schavg + (standLRT | school), few, REML = FALSE),
  kr = FALSE, profile = TRUE
)
cases$exam_two_slopes <- describe(
  fit(normexam ~ standLRT + boy + (standLRT + boy | school), exam),
  joint = list(c("standLRT", "boy")), kr = FALSE
)

ten <- read("star_k10.csv")
ten <- ten[!is.na(ten$mathk), ]
cases$star10_slope_ml <- describe(
  fit(mathk ~ small + (small | schoolidk), ten, REML = FALSE), kr = FALSE, profile = TRUE
)
cases$star10_uncorrelated <- describe(
  fit(mathk ~ small + (1 | schoolidk) + (0 + small | schoolidk), ten)
)

growth <- read("egsingle.csv")
cases$egsingle_slope <- describe(
  fit(math ~ year + (year | schoolid) + (1 | schoolid:childid), growth), kr = FALSE, modes = 5
)
schools <- sort(unique(growth$schoolid))[1:9]
some <- growth[growth$schoolid %in% schools, ]
some$lowinc <- as.numeric(some$lowinc)
cases$egsingle_slope_nine <- describe(
  fit(math ~ year + lowinc + (year | schoolid) + (1 | schoolid:childid), some),
  joint = list(c("year", "lowinc"))
)

# An unbalanced pilot: 8 schools, 2 to 5 classes of 3 to 9, three arms of classes.
set.seed(20261121)
rows <- list()
for (s in 1:8) {
  u <- rnorm(1, 0, 3); slope <- rnorm(1, 0, 2.5)
  for (k in seq_len(2 + s %% 4)) {
    n <- sample(3:9, 1); arm <- c("none", "one", "two")[1 + (s + k) %% 3]
    shared <- u + rnorm(1, 0, 1.5) + slope * (arm != "none") + 2 * (arm == "two")
    pre <- rnorm(n, 20 + s, 5)
    rows[[length(rows) + 1]] <- data.frame(
      school = sprintf("s%d", s), class = sprintf("c%d", k), arm = arm, treated = arm != "none",
      pre = round(pre, 3), y = round(40 + shared + 0.8 * pre + rnorm(n, 0, 4), 3),
      alike = round(40 + 0.8 * pre + rnorm(n, 0, 4), 3)
    )
  }
}
pilot <- do.call(rbind, rows)
pilot$treated <- as.numeric(pilot$treated)
write.csv(pilot, "mixed_pilot.csv", row.names = FALSE)
cases$pilot_nested <- describe(
  fit(y ~ pre + arm + (1 | school) + (1 | school:class), pilot),
  joint = list(c("armone", "armtwo"), c("pre", "armone", "armtwo"))
)
cases$pilot_nested_slope <- describe(
  fit(y ~ pre + treated + (treated | school) + (1 | school:class), pilot),
  joint = list(c("pre", "treated"))
)
cases$pilot_nested_slope_ml <- describe(
  fit(y ~ pre + treated + (treated | school) + (1 | school:class), pilot, REML = FALSE), kr = FALSE
)
cases$pilot_intercept <- describe(
  fit(y ~ pre + arm + (1 | school), pilot), joint = list(c("armone", "armtwo"))
)
# Nothing differs between schools or classes here: every variance is at its boundary.
cases$pilot_alike <- describe(fit(alike ~ pre + arm + (1 | school), pilot),
  joint = list(c("armone", "armtwo")))
cases$pilot_alike_slope <- describe(fit(alike ~ pre + treated + (treated | school), pilot),
  joint = list(c("pre", "treated")))

lrt <- function(small, large) {
  a <- anova(small, large, refit = FALSE)
  list(logLik1 = as.numeric(logLik(small)), logLik2 = as.numeric(logLik(large)),
       chisq = a$Chisq[2], df = a$Df[2], p = a[["Pr(>Chisq)"]][2])
}
cases$lrt_slope_reml <- lrt(
  fit(normexam ~ standLRT + (1 | school), exam), fit(normexam ~ standLRT + (standLRT | school), exam)
)
cases$lrt_fixed_ml <- lrt(
  fit(normexam ~ standLRT + (1 | school), exam, REML = FALSE),
  fit(normexam ~ standLRT + boy + schavg + (1 | school), exam, REML = FALSE)
)
cases$lrt_class_reml <- lrt(
  fit(y ~ pre + arm + (1 | school), pilot), fit(y ~ pre + arm + (1 | school) + (1 | school:class), pilot)
)

about <- list(R = paste(R.version$major, R.version$minor, sep = "."))
for (p in c("lme4", "lmerTest", "pbkrtest")) about[[p]] <- as.character(packageVersion(p))
write_json(list(about = about, cases = cases), "mixed.json", digits = I(15), auto_unbox = TRUE,
           null = "null", na = "null", pretty = TRUE)
